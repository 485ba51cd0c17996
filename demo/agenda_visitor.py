"""AGENDA visits: publishing the agenda of an event, and running it."""

from collections.abc import Iterator
from typing import Any, Final

from demo.visit import Visit

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
GUIDES: Final = [101, 102, 205]
TRACKS: Final = [3, 42, 47, 101]
ROOMS: Final = [11, 12, 21, 30]
TOPICS: Final = ["Wind farms", "Sleep", "Old bridges", "Plain text", "Fermentation", "Tides", "City trees", "Maps"]
FORMATS: Final = ["Keynote", "Workshop", "Panel", "Tour", "Poster session"]


async def manage_agenda(visit: Visit) -> None:
    """Publish some items of one guide: over, ongoing, about to start or end, and later; cancel one."""
    guide = visit.rng.choice(GUIDES)
    items = []
    for rank, times in enumerate(_slots(visit)):
        items.append(await visit.start(_item(visit, guide, rank) | times))
        await visit.wait(0.5, 2)
    ongoing, later = items[1], items[4]
    await visit.call("hideSession", id=ongoing)
    await visit.wait(4, 10)
    await visit.call("keepaliveSession", id=ongoing, visible=True)
    await visit.wait(4, 10)
    await visit.call("stopSession", id=later)
    await visit.wait(1, 5)
    if visit.chance(0.3):
        await visit.call("stopSession", id=ongoing)


def _slots(visit: Visit) -> Iterator[dict[str, Any]]:
    """Yield the times of each item. The third starts and the fourth ends within the run."""
    soon, ending = visit.rng.uniform(5, 20), visit.rng.uniform(15, 45)
    for start, end in (
        *((-3 * HOUR, -2 * HOUR), (-20 * MINUTE, 40 * MINUTE), (soon, 30 * MINUTE), (-45 * MINUTE, ending)),
        (2 * HOUR, 3 * HOUR),
    ):
        yield {"startTime": visit.timestamp(start), "endTime": visit.timestamp(end)}
    yield {"startTime": visit.timestamp(-MINUTE), "allDay": True}
    if visit.chance(0.5):
        yield {"startTime": visit.timestamp(24 * HOUR)}


def _item(visit: Visit, guide: int, rank: int) -> dict[str, Any]:
    topic, session_format = visit.rng.choice(TOPICS), visit.rng.choice(FORMATS)
    item: dict[str, Any] = {
        "guide": guide,
        "name": f"{session_format}: {topic}",
        "descriptionHtml": f"<p>{session_format} on <strong>{topic.lower()}</strong>. All welcome.</p>",
        "importId": f"{guide}-{visit.unique_text()}",
        "scheduleTracks": sorted(visit.rng.sample(TRACKS, visit.rng.randint(1, 3))),
        "locations": [visit.rng.choice(ROOMS)],
        "rank": float(rank),
        "allowRating": visit.chance(0.5),
        "addToSchedule": True,
    }
    if session_format == "Workshop":
        item |= {"requireLogin": True, "maxCapacity": visit.rng.choice([12, 20, 40]), "waitlist": True}
    return item
