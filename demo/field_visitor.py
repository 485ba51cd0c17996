"""FIELD visits: forms filled in by rangers. A form is corrected by sending it again, or point by point."""

from base64 import b64encode
from typing import Any, Final

from demo.visit import Visit

UNITS: Final = [f"tablet-{number:02}" for number in range(1, 13)]
SPECIES: Final = ["Red kite", "Fire salamander", "Lady's slipper", "Eurasian lynx", "Common newt"]
PAGES: Final = [["survey", "site"], ["survey", "species"], ["survey", "notes"]]
OFFSETS: Final = [0, 3600, 7200, -18_000, 36_000]


async def fill_form(visit: Visit) -> None:
    """Fill in one form. One in four is sent again, one in five is never stopped, three in ten are corrected later."""
    fields = _form_fields(visit)
    common: dict[str, Any] = {"path": PAGES[0]}
    never_stopped = visit.chance(0.2)
    if never_stopped:
        common["timeoutSeconds"] = visit.rng.randint(15, 40)
    session = await visit.start(fields, **common)
    await visit.wait(3, 8)
    for page in PAGES[: visit.rng.randint(1, 3)]:
        await visit.call("keepaliveSession", id=session, path=page)
        await visit.wait(3, 9)
    if visit.chance(0.3):
        await visit.call("hideSession", id=session)
        await visit.wait(3, 8)
    if visit.chance(0.25):
        checked_by = {"name": "checked by", "value": "J. Okafor"}
        corrected = fields | {"saved": visit.timestamp(), "data": [*fields["data"], checked_by]}
        session = await visit.start(corrected, **common)
        await visit.wait(2, 6)
    if not never_stopped:
        await visit.call("stopSession", id=session, path=PAGES[-1])
    if visit.chance(0.3):  # a form that has ended can still be corrected
        await visit.wait(2, 6)
        counted = {"name": "count", "value": str(visit.rng.randint(1, 40))}
        await visit.call("saveFieldData", id=session, data=[counted], remove=["sketch"])


def _form_fields(visit: Visit) -> dict[str, Any]:
    offset = visit.rng.choice(OFFSETS)
    data = [
        {"name": "Species", "value": visit.rng.choice(SPECIES)},
        {"name": "count", "value": str(visit.rng.randint(1, 40))},
        {"name": "coordinates", "value": f"{visit.rng.uniform(46, 48):.5f},{visit.rng.uniform(6, 10):.5f}"},
        {"name": "sketch", "rawData": b64encode(visit.rng.randbytes(300)).decode()},
    ]
    fields = {
        "uuid": f"form-{visit.unique_text()}",
        "unitId": visit.rng.choice(UNITS),
        "created": visit.timestamp(-visit.rng.uniform(60, 900)),
        "saved": visit.timestamp(),
        "data": data,
    }
    if visit.chance(0.5):
        return fields | {"timezoneOffsetSeconds": offset}
    return fields | {"data": [*data, {"name": "__timezone__", "value": str(offset)}]}
