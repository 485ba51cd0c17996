"""A player in front of the server: it tells what happens, by its own clock, and reads its figures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from tests.api_client import EPOCH, ApiClient
from tests.lifecycle.test_expiry import MEDIA
from tests.model_based.render import to_rfc3339

START_TS: Final = EPOCH
"""What the player's clock says at the start."""

METRICS: Final = """metrics { contentStarted contentCompleted contentSeconds mediaSeconds adSeconds adStarts adCompletes
    chapterSeconds chapterStarts chapterCompletes pauseCount pauseSeconds bufferCount bufferSeconds stallCount
    errorCount bitrateChanges averageBitrate uniqueSeconds averageMinuteAudience progressMarks
    states { name count seconds } }"""
SESSION_FIELDS: Final = f"... on MediaSession {{ playerState playhead qoe {METRICS} }}"
EMPTY_METRICS: Final[dict[str, Any]] = {
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
REQUIRED_PARAMS: Final[dict[str, dict[str, Any]]] = {"AD_BREAK_START": BREAK, "AD_START": AD, "CHAPTER_START": CHAPTER}

EventSpec = tuple[Any, ...]
"""Seconds after the start, type, playhead, and what else an event has."""


def player_time(seconds: float, playhead: float = 0) -> dict[str, Any]:
    """A `playerTime`, so many seconds after the start."""
    return {"playhead": playhead, "ts": to_rfc3339(START_TS + round(seconds * 1000))}


def event_input(seconds: float, type_: str, playhead: float = 0, **more: Any) -> dict[str, Any]:
    """A `MediaEventInput`; what the type needs is filled in."""
    defaults = {"params": REQUIRED_PARAMS[type_]} if type_ in REQUIRED_PARAMS else {}
    if type_ == "BITRATE_CHANGE":
        defaults = {"qoe": {"bitrate": 1000}}
    if "name" in more:
        defaults = {"params": {"media.state.name": more.pop("name")}}
    return {"type": type_, "playerTime": player_time(seconds, playhead), **defaults, **more}


class PlayerClient:
    """One playback."""

    def __init__(self, api: ApiClient, session_id: str) -> None:
        self.api = api
        self.id = session_id

    async def track(self, *events: dict[str, Any], fields: str = SESSION_FIELDS) -> dict[str, Any]:
        """The payload of a trackMedia."""
        return await self.api.mutate("trackMedia", {"id": self.id, "events": list(events)}, fields)

    async def send(self, *events: EventSpec) -> dict[str, Any]:
        """Tell events that must have no problems, in one call, as time goes by; the session after it."""
        payload = await self.track(*(_event_from_spec(spec) for spec in events))
        assert payload["problems"] == []
        session: dict[str, Any] = payload["session"]
        return session

    async def session(self) -> dict[str, Any]:
        """The session as it is."""
        return await self.api.session(self.id, SESSION_FIELDS)

    async def metrics(self) -> dict[str, Any]:
        """Its figures."""
        metrics: dict[str, Any] = (await self.session())["metrics"]
        return metrics

    async def activities(self, fields: str = "type clientTime data") -> list[dict[str, Any]]:
        """Its timeline, without the beginning."""
        found = await self.api.session(self.id, f"activities(first: 500) {{ edges {{ node {{ {fields} }} }} }}")
        return [edge["node"] for edge in found["activities"]["edges"]][1:]


def _event_from_spec(spec: EventSpec) -> dict[str, Any]:
    seconds, type_, playhead, *more = spec
    return event_input(seconds, type_, playhead, **(more[0] if more else {}))


async def start_player(api: ApiClient, *, ago: float = 1200, **overrides: Any) -> PlayerClient:
    """A playback that has begun `ago` seconds before: what it tells of them is within the bounds."""
    session = await api.start_session("media", MEDIA | overrides, timeoutSeconds=7200)
    await api.advance(ago)
    return PlayerClient(api, session["id"])


@asynccontextmanager
async def count_sqlite_steps(api: ApiClient) -> AsyncIterator[list[int]]:
    """How many steps SQLite takes meanwhile for writing: each row that it reads is a few."""
    engine = api.app.state.services.database._writer._engine
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
