"""AGENDA: an organiser puts the programme of an event online, then runs the event."""

from collections.abc import Iterator
from typing import Any, Final

from demo.plan import Call, Scene, hide, keepalive, start, stop
from models.enums import Kind

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
GUIDES: Final = [101, 102, 205]
TRACKS: Final = [3, 42, 47, 101]
ROOMS: Final = [11, 12, 21, 30]
TOPICS: Final = ["Wind farms", "Sleep", "Old bridges", "Plain text", "Fermentation", "Tides", "City trees", "Maps"]
FORMS: Final = ["Keynote", "Workshop", "Panel", "Tour", "Poster session"]


def programme(scene: Scene) -> Iterator[Call]:
    """A few items of one guide: gone by, going on, about to begin or to end, and later; one is cancelled."""
    guide = scene.rng.choice(GUIDES)
    going, later = 1, 4
    for number, slot in enumerate(_slots(scene)):
        yield start(Kind.AGENDA, _item(scene, guide, number) | slot, then=scene.pause(0.5, 2))
    yield keepalive(Kind.AGENDA, going, then=scene.pause(4, 10))
    yield hide(Kind.AGENDA, going, then=scene.pause(4, 10))
    yield keepalive(Kind.AGENDA, going, then=scene.pause(4, 10))
    yield stop(Kind.AGENDA, later, then=scene.pause(1, 5))
    if scene.chance(0.3):
        yield stop(Kind.AGENDA, going)


def _slots(scene: Scene) -> Iterator[dict[str, Any]]:
    """When each item is, in seconds from now. The two that are near begin and end while one looks on."""
    yield _slot(scene, -3 * HOUR, -2 * HOUR)
    yield _slot(scene, -20 * MINUTE, 40 * MINUTE)
    yield _slot(scene, scene.pause(5, 20), 30 * MINUTE)
    yield _slot(scene, -45 * MINUTE, scene.pause(15, 45))
    yield _slot(scene, 2 * HOUR, 3 * HOUR)
    yield {"startTime": scene.time(-MINUTE), "allDay": True}
    if scene.chance(0.5):
        yield {"startTime": scene.time(24 * HOUR)}


def _slot(scene: Scene, begin: float, end: float) -> dict[str, Any]:
    return {"startTime": scene.time(begin), "endTime": scene.time(end)}


def _item(scene: Scene, guide: int, number: int) -> dict[str, Any]:
    topic, form = scene.rng.choice(TOPICS), scene.rng.choice(FORMS)
    item: dict[str, Any] = {
        "guide": guide,
        "name": f"{form}: {topic}",
        "descriptionHtml": f"<p>{form} on <strong>{topic.lower()}</strong>. All welcome.</p>",
        "importId": f"{guide}-{scene.secret()}",
        "scheduleTracks": sorted(scene.rng.sample(TRACKS, scene.rng.randint(1, 3))),
        "locations": [scene.rng.choice(ROOMS)],
        "rank": float(number),
        "allowRating": scene.chance(0.5),
        "addToSchedule": True,
    }
    if form == "Workshop":
        item |= {"requireLogin": True, "maxCapacity": scene.rng.choice([12, 20, 40]), "waitlist": True}
    return item
