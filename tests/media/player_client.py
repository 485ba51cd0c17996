"""Player of a MEDIA session as an API client."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from models.database.connection_thread import ConnectionThread
from tests.api.session_inputs import MEDIA
from tests.api_client import EPOCH, ApiClient
from tests.model_based.render import to_rfc3339

START_TS: Final = EPOCH
"""The player's clock at the start."""

METRICS: Final = """metrics { contentStarted contentCompleted contentSeconds mediaSeconds adSeconds adStarts adCompletes
    chapterSeconds chapterStarts chapterCompletes pauseCount pauseSeconds bufferCount bufferSeconds stallCount
    errorCount bitrateChanges averageBitrate uniqueSeconds averageMinuteAudience progressMarks
    states { name count seconds } }"""
SESSION_FIELDS: Final = f"... on MediaSession {{ playerState playhead qoe {METRICS} }}"
EMPTY_METRICS: Final[dict[str, Any]] = {
    **dict.fromkeys(("contentStarted", "contentCompleted"), False),
    **dict.fromkeys(("contentSeconds", "mediaSeconds", "adSeconds", "chapterSeconds", "pauseSeconds"), 0),
    **dict.fromkeys(("adStarts", "adCompletes", "chapterStarts", "chapterCompletes", "pauseCount", "bufferCount"), 0),
    **dict.fromkeys(("bufferSeconds", "stallCount", "errorCount", "bitrateChanges", "uniqueSeconds"), 0),
    "averageBitrate": None,
    "averageMinuteAudience": 0,
    "progressMarks": [],
    "states": [],
}

BREAK: Final = {"media.ad.podIndex": 0, "media.ad.podSecond": 0}
AD: Final = {"media.ad.id": "a", "media.ad.length": 15, "media.ad.podPosition": 1}
CHAPTER: Final = {"media.chapter.index": 1, "media.chapter.offset": 0, "media.chapter.length": 60}
REQUIRED_PARAMS: Final[dict[str, dict[str, Any]]] = {"AD_BREAK_START": BREAK, "AD_START": AD, "CHAPTER_START": CHAPTER}

EventSpec = tuple[Any, ...]
"""Seconds after the start, type, playhead, and other fields of `MediaEventInput`."""


def player_time(seconds: float, playhead: float = 0) -> dict[str, Any]:
    return {"playhead": playhead, "ts": to_rfc3339(START_TS + round(seconds * 1000))}


def event_input(seconds: float, type_: str, playhead: float = 0, **more: Any) -> dict[str, Any]:
    """Make a `MediaEventInput` with the parameters that its type requires."""
    defaults = {"params": REQUIRED_PARAMS[type_]} if type_ in REQUIRED_PARAMS else {}
    if type_ == "BITRATE_CHANGE":
        defaults = {"qoe": {"bitrate": 1000}}
    if "name" in more:
        defaults = {"params": {"media.state.name": more.pop("name")}}
    return {"type": type_, "playerTime": player_time(seconds, playhead), **defaults, **more}


def parse_events(text: str) -> list[EventSpec]:
    """Parse `seconds TYPE playhead`, separated by semicolons, each with optional `name=…`, `bitrate=…`, `ad=…`."""
    return [_parse_event(*event.split()) for event in text.split(";") if event.strip()]


def _parse_event(seconds: str, type_: str, playhead: str, *options: str) -> EventSpec:
    more: dict[str, Any] = {}
    for option in options:
        name, _, value = option.partition("=")
        if name == "bitrate":
            more["qoe"] = {"bitrate": int(value)}
        elif name == "ad":
            more["params"] = AD | {"media.ad.id": value}
        else:
            more[name] = value
    return (float(seconds), type_, float(playhead), more)


def _input(spec: EventSpec) -> dict[str, Any]:
    return event_input(*spec[:3], **(spec[3] if len(spec) > 3 else {}))


def _inputs(text: str) -> list[dict[str, Any]]:
    return [_input(spec) for spec in parse_events(text)]


class PlayerClient:
    def __init__(self, api: ApiClient, session_id: str) -> None:
        self.api = api
        self.id = session_id

    async def track(self, *events: dict[str, Any] | str, fields: str = SESSION_FIELDS) -> dict[str, Any]:
        """Send inputs or texts of events in one call; returns the payload."""
        inputs = [input_ for event in events for input_ in ([event] if isinstance(event, dict) else _inputs(event))]
        return await self.api.mutate("trackMedia", {"id": self.id, "events": inputs}, fields)

    async def send(self, *events: EventSpec | str) -> dict[str, Any]:
        """Send events that must have no problems, in one call; returns the session."""
        payload = await self.track(*(event if isinstance(event, str) else _input(event) for event in events))
        assert payload["problems"] == []
        session: dict[str, Any] = payload["session"]
        return session

    async def session(self) -> dict[str, Any]:
        return await self.api.session(self.id, SESSION_FIELDS)

    async def metrics(self) -> dict[str, Any]:
        metrics: dict[str, Any] = (await self.session())["metrics"]
        return metrics

    async def activities(self, fields: str = "type clientTime data") -> list[dict[str, Any]]:
        """Read the timeline, without the entry of the start."""
        found = await self.api.session(self.id, f"activities(first: 500) {{ edges {{ node {{ {fields} }} }} }}")
        return [edge["node"] for edge in found["activities"]["edges"]][1:]


async def start_player(api: ApiClient, *, ago: float = 1200, **overrides: Any) -> PlayerClient:
    """Start a playback `ago` seconds before now, so that events of that time are within the bounds."""
    session = await api.start_session("media", MEDIA | overrides, timeoutSeconds=7200)
    await api.advance(ago)
    return PlayerClient(api, session["id"])


async def metrics_of(api: ApiClient, events: str, **overrides: Any) -> dict[str, Any]:
    """Compute the metrics of a new playback, of content with a length of 100 seconds, from events."""
    player = await start_player(api, **{"length": 100, **overrides})
    await player.send(events)
    return await player.metrics()


def assert_metrics(metrics: dict[str, Any], **expected: Any) -> None:
    assert {name: metrics[name] for name in expected} == expected


@asynccontextmanager
async def count_sqlite_steps(api: ApiClient) -> AsyncIterator[list[int]]:
    """Count the steps of SQLite's virtual machine on the writing connection: a few for each row."""
    thread = api.app.state.services.database._writer._thread
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    def watch(handler: Callable[[], int] | None, thread: ConnectionThread) -> None:
        with thread.transaction("BEGIN") as tx:
            driver: Any = tx.connection.dbapi_connection
            driver.set_progress_handler(handler, 1)

    await thread.call(partial(watch, count))
    try:
        yield steps
    finally:
        await thread.call(partial(watch, None))
