"""The documented parameters of the Media Collection API, with their types.

An unknown parameter is a problem; quality-of-experience and custom metadata may have free names.
"""

import re
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any, Final, NamedTuple

from models.json import canonical
from models.kinds.base import Breach

MAX_CUSTOM: Final = 50
MAX_CUSTOMER_IDS: Final = 100
MAX_TEXT: Final = 1024
MAX_WHOLE: Final = 2**53 - 1
"""Beyond it, whole numbers of JSON are not the same to everyone (RFC 7493)."""
MAX_QOE_BYTES: Final = 16 * 1024
QOE_PREFIX: Final = "media.qoe."
_CUSTOM_NAME: Final = re.compile(r"[A-Za-z0-9_.]+", re.ASCII)


class ValueType(NamedTuple):
    """What a parameter takes: the test, and the words for it in a message."""

    accepts: Callable[[Any], bool]
    words: str


def is_whole(value: Any) -> bool:
    """A JSON number without a fraction that everyone can hold; `true` is none, though Python counts it as one."""
    return is_number(value) and -MAX_WHOLE <= value <= MAX_WHOLE and value == int(value)


def is_number(value: Any) -> bool:
    """A JSON number; `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_customer_ids(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= MAX_CUSTOMER_IDS
        and all(len(name) <= MAX_TEXT and _is_customer_id(entry) for name, entry in value.items())
    )


def _is_customer_id(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) <= {"id", "authState"}
        and TEXT.accepts(entry.get("id"))
        and (entry.get("authState", 0) in (0, 1, 2) and is_whole(entry.get("authState", 0)))
    )


def one_of(*texts: str) -> ValueType:
    """One of a few texts."""
    return ValueType(lambda value: value in texts and isinstance(value, str), f"one of {', '.join(texts)}")


TEXT: Final = ValueType(
    lambda value: isinstance(value, str) and len(value) <= MAX_TEXT, f"text of at most {MAX_TEXT} characters"
)
WHOLE: Final = ValueType(is_whole, "a whole number of at most 53 bits")
NUMBER: Final = ValueType(is_number, "a number")
BOOLEAN: Final = ValueType(lambda value: isinstance(value, bool), "true or false")
CUSTOMER_IDS: Final = ValueType(
    _is_customer_ids, f"an object of name: {{id: text, authState: 0, 1 or 2}}, at most {MAX_CUSTOMER_IDS}"
)

START: Final[dict[str, ValueType]] = {
    **dict.fromkeys(
        (
            "analytics.aid",
            "visitor.marketingCloudUserId",
            "appInstallationId",
            "media.libraryVersion",
            "media.streamType",
            "media.publisher",
            "media.show",
            "media.season",
            "media.episode",
            "media.assetId",
            "media.genre",
            "media.firstAirDate",
            "media.firstDigitalDate",
            "media.rating",
            "media.originator",
            "media.network",
            "media.adLoad",
            "media.dayPart",
            "media.feed",
            "media.streamFormat",
            "media.pass.mvpd",
            "media.pass.auth",
        ),
        TEXT,
    ),
    "analytics.enableSSL": BOOLEAN,
    "analytics.optOutServerSideForwarding": BOOLEAN,
    "analytics.optOutShare": BOOLEAN,
    "visitor.aamLocationHint": WHOLE,
    "visitor.customerIDs": CUSTOMER_IDS,
    "media.showType": one_of("0", "1", "2", "3"),
}

QOE: Final[dict[str, ValueType]] = {
    "media.qoe.bitrate": WHOLE,
    "media.qoe.droppedFrames": WHOLE,
    "media.qoe.framesPerSecond": WHOLE,
    "media.qoe.timeToStart": WHOLE,
    "media.qoe.errorID": TEXT,
    "media.qoe.errorSource": one_of("player", "external"),
}


def start_breaches(path: tuple[str, ...], params: dict[str, Any] | None) -> Iterator[Breach]:
    """Parameters of a start that are unknown, or of the wrong type."""
    for name, value in (params or {}).items():
        known = START.get(name)
        if known is None:
            yield Breach((*path, name), "is not a documented parameter of a start")
        elif not known.accepts(value):
            yield Breach((*path, name), f"must be {known.words}")


def metadata_breaches(path: tuple[str, ...], custom: dict[str, Any] | None) -> Iterator[Breach]:
    """Custom metadata whose names or values are not allowed, or that is too much."""
    values = custom or {}
    if len(values) > MAX_CUSTOM:
        yield Breach(path, f"must have at most {MAX_CUSTOM} entries, not {len(values)}")
    for name, value in values.items():
        if len(name) > MAX_TEXT or _CUSTOM_NAME.fullmatch(name) is None:
            yield Breach((*path, name), "must be named with letters, digits, _ and . only")
        if not TEXT.accepts(value):
            yield Breach((*path, name), f"must be {TEXT.words}")


def with_prefix(qoe: dict[str, Any]) -> dict[str, Any]:
    """Quality of experience under the documented names: `bitrate` becomes `media.qoe.bitrate`."""
    return {QOE_PREFIX + name if QOE_PREFIX + name in QOE else name: value for name, value in qoe.items()}


def qoe_breaches(path: tuple[str, ...], qoe: dict[str, Any] | None) -> Iterator[Breach]:
    """Documented quality-of-experience values of the wrong type, the same one under both its names, and too much."""
    seen: set[str] = set()
    values = qoe or {}
    if len(values) > MAX_CUSTOM:
        yield Breach(path, f"must have at most {MAX_CUSTOM} entries, not {len(values)}")
    elif len(canonical(values)) > MAX_QOE_BYTES:
        yield Breach(path, "must be at most 16 KiB of JSON")
    for name, value in values.items():
        full = QOE_PREFIX + name if QOE_PREFIX + name in QOE else name
        known = QOE.get(full)
        if full in seen:
            yield Breach((*path, name), f"is given twice, with and without {QOE_PREFIX}")
        elif known is not None and not known.accepts(value):
            yield Breach((*path, name), f"must be {known.words}")
        seen.add(full)
