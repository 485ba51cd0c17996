"""Documented parameters of the Media Collection API, with their types.

An unknown parameter is a problem; quality of experience and custom metadata may have other names.
"""

import re
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any, Final, NamedTuple

from models.json import canonical
from models.problems import Problem, quote

MAX_ENTRIES: Final = 50
MAX_CUSTOMER_IDS: Final = 100
MAX_STRING_LENGTH: Final = 1024
MAX_SAFE_INTEGER: Final = 2**53 - 1
"""Larger integers of JSON lose precision in many parsers (RFC 7493)."""
MAX_QOE_BYTES: Final = 16 * 1024
QOE_PREFIX: Final = "media.qoe."
QOE_DESCRIPTION: Final = (
    "Quality of experience: documented keys, with or without the prefix `media.qoe.`, and custom ones; at most 50 keys "
    "and 16 KiB per session."
)
_METADATA_KEY: Final = re.compile(r"[A-Za-z0-9_.]+", re.ASCII)


class ValueType(NamedTuple):
    accepts: Callable[[Any], bool]
    description: str

    def message(self, value: Any) -> str:
        """Return what is wrong with a value that it does not accept."""
        if self.description == STRING.description and isinstance(value, str):
            return f"must have at most {MAX_STRING_LENGTH} characters, not {len(value)}"
        return f"must be {self.description}, not {quote(value)}"


def is_integer(value: Any) -> bool:
    """Check for a JSON number without fraction, of at most 53 bits."""
    return is_number(value) and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER and value == int(value)


def is_number(value: Any) -> bool:
    """Check for a JSON number; bool is a subclass of int in Python, but not a number in JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_customer_ids(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= MAX_CUSTOMER_IDS
        and all(len(name) <= MAX_STRING_LENGTH and _is_customer_id(entry) for name, entry in value.items())
    )


def _is_customer_id(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) <= {"id", "authState"}
        and STRING.accepts(entry.get("id"))
        and (entry.get("authState", 0) in (0, 1, 2) and is_integer(entry.get("authState", 0)))
    )


def one_of(*texts: str) -> ValueType:
    return ValueType(lambda value: value in texts and isinstance(value, str), f"one of {', '.join(texts)}")


STRING: Final = ValueType(
    lambda value: isinstance(value, str) and len(value) <= MAX_STRING_LENGTH,
    f"a string of at most {MAX_STRING_LENGTH} characters",
)
INTEGER: Final = ValueType(is_integer, "a whole number of at most 53 bits")
NUMBER: Final = ValueType(is_number, "a number")
BOOLEAN: Final = ValueType(lambda value: isinstance(value, bool), "true or false")
CUSTOMER_IDS: Final = ValueType(
    _is_customer_ids,
    f"a JSON object of at most {MAX_CUSTOMER_IDS} members, each with id, a string, and authState, 0, 1 or 2",
)

START_PARAMS: Final[dict[str, ValueType]] = {
    **dict.fromkeys(
        (
            *("analytics.aid", "visitor.marketingCloudUserId", "appInstallationId", "media.libraryVersion"),
            *("media.streamType", "media.publisher", "media.show", "media.season", "media.episode", "media.assetId"),
            *("media.genre", "media.firstAirDate", "media.firstDigitalDate", "media.rating", "media.originator"),
            *("media.network", "media.adLoad", "media.dayPart", "media.feed", "media.streamFormat"),
            *("media.pass.mvpd", "media.pass.auth"),
        ),
        STRING,
    ),
    "analytics.enableSSL": BOOLEAN,
    "analytics.optOutServerSideForwarding": BOOLEAN,
    "analytics.optOutShare": BOOLEAN,
    "visitor.aamLocationHint": INTEGER,
    "visitor.customerIDs": CUSTOMER_IDS,
    "media.showType": one_of("0", "1", "2", "3"),
}

QOE_PARAMS: Final[dict[str, ValueType]] = {
    "media.qoe.bitrate": INTEGER,
    "media.qoe.droppedFrames": INTEGER,
    "media.qoe.framesPerSecond": INTEGER,
    "media.qoe.timeToStart": INTEGER,
    "media.qoe.errorID": STRING,
    "media.qoe.errorSource": one_of("player", "external"),
}


START_FIELDS: Final[dict[str, str]] = {
    "analytics.trackingServer": "trackingServer",
    "analytics.reportSuite": "reportSuite",
    "analytics.visitorId": "visitorId",
    "visitor.marketingCloudOrgId": "organizationId",
    "media.id": "mediaId",
    "media.name": "mediaName",
    "media.length": "length",
    "media.contentType": "contentType",
    "media.playerName": "playerName",
    "media.channel": "channel",
    "media.sdkVersion": "sdkVersion",
    "media.resume": "resume",
}
"""Documented parameters that are fields of the start, with the names of the fields."""


def own_field(name: str) -> str | None:
    """Return the problem of a parameter that is sent in another field than `params`; None for other parameters."""
    field = "qoe" if name in QOE_PARAMS else START_FIELDS.get(name)
    return None if field is None else f"has a field of its own: {field}"


def start_param_problems(path: tuple[str, ...], params: dict[str, Any] | None) -> Iterator[Problem]:
    """Yield unknown parameters, and those with a wrong type."""
    for name, value in (params or {}).items():
        known = START_PARAMS.get(name)
        if known is None:
            yield Problem((*path, name), own_field(name) or "is not a documented parameter of a start")
        elif not known.accepts(value):
            yield Problem((*path, name), known.message(value))


def metadata_problems(path: tuple[str, ...], metadata: dict[str, Any] | None) -> Iterator[Problem]:
    values = metadata or {}
    if len(values) > MAX_ENTRIES:
        yield Problem(path, f"must have at most {MAX_ENTRIES} members, not {len(values)}")
    for name, value in values.items():
        if len(name) > MAX_STRING_LENGTH or _METADATA_KEY.fullmatch(name) is None:
            message = f"must have a name of 1 to {MAX_STRING_LENGTH} letters, digits, _ and ., not {quote(name)}"
            yield Problem((*path, name), message)
        if not STRING.accepts(value):
            yield Problem((*path, name), STRING.message(value))


def with_qoe_prefix(qoe: dict[str, Any]) -> dict[str, Any]:
    """Return quality of experience under documented names: `bitrate` becomes `media.qoe.bitrate`."""
    return {_documented_name(name): value for name, value in qoe.items()}


def _documented_name(name: str) -> str:
    return QOE_PREFIX + name if QOE_PREFIX + name in QOE_PARAMS else name


def qoe_problems(path: tuple[str, ...], qoe: dict[str, Any] | None) -> Iterator[Problem]:
    seen: set[str] = set()
    values = qoe or {}
    if len(values) > MAX_ENTRIES:
        yield Problem(path, f"must have at most {MAX_ENTRIES} members, not {len(values)}")
    elif (size := len(canonical(values))) > MAX_QOE_BYTES:
        yield Problem(path, f"must have at most 16 KiB of JSON ({MAX_QOE_BYTES} bytes), not {size}")
    for name, value in values.items():
        full_name = _documented_name(name)
        known = QOE_PARAMS.get(full_name)  # unknown keys are stored: the documentation prints some
        if full_name in seen:
            yield Problem((*path, name), f"must be given once, not with and without {QOE_PREFIX}")
        elif known is not None and not known.accepts(value):
            yield Problem((*path, name), known.message(value))
        seen.add(full_name)
