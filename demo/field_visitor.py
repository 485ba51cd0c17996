"""FIELD: rangers fill in forms in the field; a form that was corrected is sent again and takes the old one's place."""

from collections.abc import Iterator
from typing import Any, Final

from demo.plan import LATEST, Call, VisitContext, hide, keepalive, start, stop
from models.enums import Kind

UNITS: Final = [f"tablet-{number:02}" for number in range(1, 13)]
SPECIES: Final = ["Red kite", "Fire salamander", "Lady's slipper", "Eurasian lynx", "Common newt"]
PAGES: Final = [["survey", "site"], ["survey", "species"], ["survey", "notes"]]
OFFSETS: Final = [0, 3600, 7200, -18_000, 36_000]


def fill_form(context: VisitContext) -> Iterator[Call]:
    """One form from the first save to the last; one in four is corrected, one in five never closed."""
    fields = _form_fields(context)
    never_stopped = context.chance(0.2)
    common: dict[str, Any] = {"path": PAGES[0]}
    if never_stopped:
        common["timeoutSeconds"] = context.rng.randint(15, 40)
    yield start(Kind.FIELD, fields, delay=context.random_seconds(3, 8), **common)
    for page in PAGES[: context.rng.randint(1, 3)]:
        yield keepalive(Kind.FIELD, LATEST, path=page, delay=context.random_seconds(3, 9))
    if context.chance(0.3):
        yield hide(Kind.FIELD, LATEST, delay=context.random_seconds(3, 8))
    if context.chance(0.25):
        corrected = fields | {
            "saved": context.timestamp(),
            "data": [*fields["data"], _point("checked by", "J. Okafor")],
        }
        yield start(Kind.FIELD, corrected, delay=context.random_seconds(2, 6), **common)
    if not never_stopped:
        yield stop(Kind.FIELD, LATEST, path=PAGES[-1])


def _form_fields(context: VisitContext) -> dict[str, Any]:
    age = context.random_seconds(60, 900)
    offset = context.rng.choice(OFFSETS)
    data = [
        _point("Species", context.rng.choice(SPECIES)),
        _point("count", str(context.rng.randint(1, 40))),
        _point("coordinates", f"{context.rng.uniform(46, 48):.5f},{context.rng.uniform(6, 10):.5f}"),
        {"name": "sketch", "rawData": context.base64(context.rng.randint(60, 600))},
    ]
    fields = {
        "uuid": f"{context.uuid()}-{context.unique_text()}",
        "unitId": context.rng.choice(UNITS),
        "created": context.timestamp(-age),
        "saved": context.timestamp(),
        "data": data,
    }
    if context.chance(0.5):
        return fields | {"timezoneOffsetSeconds": offset}
    return fields | {"data": [*data, _point("__timezone__", str(offset))]}


def _point(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": value}
