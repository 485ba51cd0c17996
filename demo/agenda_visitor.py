"""AGENDA: an organiser puts the programme of an event online, then runs the event."""

from collections.abc import Iterator
from typing import Any, Final

from demo.plan import Call, VisitContext, hide, keepalive, start, stop
from models.enums import Kind

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
GUIDES: Final = [101, 102, 205]
TRACKS: Final = [3, 42, 47, 101]
ROOMS: Final = [11, 12, 21, 30]
TOPICS: Final = ["Wind farms", "Sleep", "Old bridges", "Plain text", "Fermentation", "Tides", "City trees", "Maps"]
FORMATS: Final = ["Keynote", "Workshop", "Panel", "Tour", "Poster session"]


def manage_agenda(context: VisitContext) -> Iterator[Call]:
    """A few items of one guide: gone by, going on, about to begin or to end, and later; one is cancelled."""
    guide = context.rng.choice(GUIDES)
    ongoing, later = 1, 4
    for number, slot in enumerate(_slots(context)):
        yield start(Kind.AGENDA, _item(context, guide, number) | slot, delay=context.random_seconds(0.5, 2))
    yield keepalive(Kind.AGENDA, ongoing, delay=context.random_seconds(4, 10))
    yield hide(Kind.AGENDA, ongoing, delay=context.random_seconds(4, 10))
    yield keepalive(Kind.AGENDA, ongoing, delay=context.random_seconds(4, 10))
    yield stop(Kind.AGENDA, later, delay=context.random_seconds(1, 5))
    if context.chance(0.3):
        yield stop(Kind.AGENDA, ongoing)


def _slots(context: VisitContext) -> Iterator[dict[str, Any]]:
    """When each item is, in seconds from now. The two that are near begin and end while one looks on."""
    yield _slot(context, -3 * HOUR, -2 * HOUR)
    yield _slot(context, -20 * MINUTE, 40 * MINUTE)
    yield _slot(context, context.random_seconds(5, 20), 30 * MINUTE)
    yield _slot(context, -45 * MINUTE, context.random_seconds(15, 45))
    yield _slot(context, 2 * HOUR, 3 * HOUR)
    yield {"startTime": context.timestamp(-MINUTE), "allDay": True}
    if context.chance(0.5):
        yield {"startTime": context.timestamp(24 * HOUR)}


def _slot(context: VisitContext, begin: float, end: float) -> dict[str, Any]:
    return {"startTime": context.timestamp(begin), "endTime": context.timestamp(end)}


def _item(context: VisitContext, guide: int, number: int) -> dict[str, Any]:
    topic, session_format = context.rng.choice(TOPICS), context.rng.choice(FORMATS)
    item: dict[str, Any] = {
        "guide": guide,
        "name": f"{session_format}: {topic}",
        "descriptionHtml": f"<p>{session_format} on <strong>{topic.lower()}</strong>. All welcome.</p>",
        "importId": f"{guide}-{context.unique_text()}",
        "scheduleTracks": sorted(context.rng.sample(TRACKS, context.rng.randint(1, 3))),
        "locations": [context.rng.choice(ROOMS)],
        "rank": float(number),
        "allowRating": context.chance(0.5),
        "addToSchedule": True,
    }
    if session_format == "Workshop":
        item |= {"requireLogin": True, "maxCapacity": context.rng.choice([12, 20, 40]), "waitlist": True}
    return item
