"""FIELD: rangers fill in forms in the field; a form that was corrected is sent again and takes the old one's place."""

from collections.abc import Iterator
from typing import Any, Final

from demo.plan import LATEST, Call, Scene, hide, keepalive, start, stop
from models.enums import Kind

UNITS: Final = [f"tablet-{number:02}" for number in range(1, 13)]
SPECIES: Final = ["Red kite", "Fire salamander", "Lady's slipper", "Eurasian lynx", "Common newt"]
PAGES: Final = [["survey", "site"], ["survey", "species"], ["survey", "notes"]]
OFFSETS: Final = [0, 3600, 7200, -18_000, 36_000]


def form(scene: Scene) -> Iterator[Call]:
    """One form from the first save to the last; one in four is corrected, one in five never closed."""
    fields = _first_save(scene)
    forgotten = scene.chance(0.2)
    common: dict[str, Any] = {"path": PAGES[0]}
    if forgotten:
        common["timeoutSeconds"] = scene.rng.randint(15, 40)
    yield start(Kind.FIELD, fields, then=scene.pause(3, 8), **common)
    for page in PAGES[: scene.rng.randint(1, 3)]:
        yield keepalive(Kind.FIELD, LATEST, path=page, then=scene.pause(3, 9))
    if scene.chance(0.3):
        yield hide(Kind.FIELD, LATEST, then=scene.pause(3, 8))
    if scene.chance(0.25):
        corrected = fields | {"saved": scene.time(), "data": [*fields["data"], _point("checked by", "J. Okafor")]}
        yield start(Kind.FIELD, corrected, then=scene.pause(2, 6), **common)
    if not forgotten:
        yield stop(Kind.FIELD, LATEST, path=PAGES[-1])


def _first_save(scene: Scene) -> dict[str, Any]:
    begun = scene.pause(60, 900)
    offset = scene.rng.choice(OFFSETS)
    data = [
        _point("Species", scene.rng.choice(SPECIES)),
        _point("count", str(scene.rng.randint(1, 40))),
        _point("coordinates", f"{scene.rng.uniform(46, 48):.5f},{scene.rng.uniform(6, 10):.5f}"),
        {"name": "sketch", "rawData": scene.base64(scene.rng.randint(60, 600))},
    ]
    fields = {
        "uuid": f"{scene.uuid()}-{scene.secret()}",
        "unitId": scene.rng.choice(UNITS),
        "created": scene.time(-begun),
        "saved": scene.time(),
        "data": data,
    }
    if scene.chance(0.5):
        return fields | {"timezoneOffsetSeconds": offset}
    return fields | {"data": [*data, _point("__timezone__", str(offset))]}


def _point(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": value}
