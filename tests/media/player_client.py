"""A player in front of the server: it tells what happens, by its own clock, and reads its figures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from tests.api_client import EPOCH, World
from tests.lifecycle.test_expiry import MEDIA
from tests.model_based.render import text

START_TS: Final = EPOCH
"""What the player's clock says at the start."""

METRICS: Final = """metrics { contentStarted contentCompleted contentSeconds mediaSeconds adSeconds adStarts adCompletes
    chapterSeconds chapterStarts chapterCompletes pauseCount pauseSeconds bufferCount bufferSeconds stallCount
    errorCount bitrateChanges averageBitrate uniqueSeconds averageMinuteAudience progressMarks
    states { name count seconds } }"""
SHOWN: Final = f"... on MediaSession {{ playerState playhead qoe {METRICS} }}"
NOTHING: Final[dict[str, Any]] = {
    "contentStarted": False,
    "contentCompleted": False,
    **dict.fromkeys(
        ("contentSeconds", "mediaSeconds", "adSeconds", "chapterSeconds", "pauseSeconds", "bufferSeconds"), 0
    ),
    **dict.fromkeys(("adStarts", "adCompletes", "chapterStarts", "chapterCompletes", "pauseCount", "bufferCount"), 0),
    **dict.fromkeys(("stallCount", "errorCount", "bitrateChanges", "uniqueSeconds"), 0),
    "averageBitrate": None,
    "averageMinuteAudience": 0,
    "progressMarks": [],
    "states": [],
}
"""The figures of a playback in which nothing has happened."""

BREAK: Final = {"media.ad.podIndex": 0, "media.ad.podSecond": 0}
AD: Final = {"media.ad.id": "a", "media.ad.length": 15, "media.ad.podPosition": 1}
CHAPTER: Final = {"media.chapter.index": 1, "media.chapter.offset": 0, "media.chapter.length": 60}
NEEDED: Final[dict[str, dict[str, Any]]] = {"AD_BREAK_START": BREAK, "AD_START": AD, "CHAPTER_START": CHAPTER}

Given = tuple[Any, ...]
"""Seconds after the start, type, playhead, and what else an event has."""


def time(seconds: float, playhead: float = 0) -> dict[str, Any]:
    """A `playerTime`, so many seconds after the start."""
    return {"playhead": playhead, "ts": text(START_TS + round(seconds * 1000))}


def event(seconds: float, type_: str, playhead: float = 0, **more: Any) -> dict[str, Any]:
    """A `MediaEventInput`; what the type needs is filled in."""
    needed = {"params": NEEDED[type_]} if type_ in NEEDED else {}
    if type_ == "BITRATE_CHANGE":
        needed = {"qoe": {"bitrate": 1000}}
    if "name" in more:
        needed = {"params": {"media.state.name": more.pop("name")}}
    return {"type": type_, "playerTime": time(seconds, playhead), **needed, **more}


class Player:
    """One playback."""

    def __init__(self, world: World, session_id: str) -> None:
        self.world = world
        self.id = session_id

    async def track(self, *events: dict[str, Any], fields: str = SHOWN) -> dict[str, Any]:
        """The payload of a trackMedia."""
        return await self.world.mutate("trackMedia", {"id": self.id, "events": list(events)}, fields)

    async def tell(self, *events: Given) -> dict[str, Any]:
        """Tell events that must have no problems, in one call, as time goes by; the session after it."""
        payload = await self.track(*(_event(given) for given in events))
        assert payload["problems"] == []
        session: dict[str, Any] = payload["session"]
        return session

    async def shown(self) -> dict[str, Any]:
        """The session as it is."""
        return await self.world.session(self.id, SHOWN)

    async def metrics(self) -> dict[str, Any]:
        """Its figures."""
        found: dict[str, Any] = (await self.shown())["metrics"]
        return found

    async def activities(self, fields: str = "type clientTime data") -> list[dict[str, Any]]:
        """Its timeline, without the beginning."""
        found = await self.world.session(self.id, f"activities(first: 500) {{ edges {{ node {{ {fields} }} }} }}")
        return [edge["node"] for edge in found["activities"]["edges"]][1:]


def _event(given: Given) -> dict[str, Any]:
    seconds, type_, playhead, *more = given
    return event(seconds, type_, playhead, **(more[0] if more else {}))


async def player(world: World, *, ago: float = 1200, **own: Any) -> Player:
    """A playback that has begun `ago` seconds before: what it tells of them is within the bounds."""
    session = await world.started("media", MEDIA | own, timeoutSeconds=7200)
    await world.advance(ago)
    return Player(world, session["id"])


@asynccontextmanager
async def counted_steps(world: World) -> AsyncIterator[list[int]]:
    """How many steps SQLite takes meanwhile for writing: each row that it reads is a few."""
    engine = world.app.state.services.database._writer._engine
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.set_progress_handler(count, 1)
    try:
        yield steps
    finally:
        await driver.set_progress_handler(None, 0)
