"""Media players that repeat what was not acknowledged, and some of what was, across crashes of the server."""

import random
from itertools import accumulate, pairwise
from typing import Any, Final

import pytest

from models.enums import MediaEventType
from tests.durability.recording_writer import CallCounter
from tests.live_server import Connection
from tests.media.player_client import METRICS, REQUIRED_PARAMS
from tests.media.reference_metrics import ReferencePlayback, SentEvent, merge_calls
from tests.model_based.inputs import MEDIA
from tests.model_based.player_events import FIRST_TS, LENGTH
from tests.model_based.render import to_rfc3339

START: Final = "mutation($input: StartSessionInput!) { startSession(input: $input) { session { id } } }"
TRACK: Final = "mutation($input: TrackMediaInput!) { trackMedia(input: $input) { problems { code } } }"
SESSION_QUERY: Final = f"""query($id: ID!) {{ session(id: $id) {{ ... on MediaSession {{ {METRICS} }}
    activities(first: 500) {{ edges {{ node {{ type clientTime }} }} }} }} }}"""
WEIGHTS: Final = {"PING": 4, "PLAY": 2}
TYPES: Final = [type_.value for type_ in MediaEventType for _ in range(WEIGHTS.get(type_, 1))]


class PlayerClient:
    """Player with the events of one minute, slightly out of order."""

    def __init__(self, number: int, events: int, progress: CallCounter) -> None:
        self._progress = progress
        self._random = random.Random(number)  # noqa: S311 - repeatable, not secret
        self.calls = self._split(self._timeline(events))
        self.acknowledged = 0
        self._id = ""

    def _timeline(self, events: int) -> list[SentEvent]:
        gaps = [self._random.choice([0, 1, 400, 900]) for _ in range(events)]
        times = [min(ts, 59_000) for ts in accumulate(gaps)]
        return [self._event(FIRST_TS + ts, ts / 1000) for ts in times]

    def _event(self, ts: int, playhead: float) -> SentEvent:
        type_ = self._random.choice(TYPES)
        name = self._random.choice(["mute", "fullScreen"]) if type_.startswith("STATE") else ""
        return SentEvent(ts, type_, playhead, 1000.0 if type_ == "BITRATE_CHANGE" else None, name)

    def _split(self, timeline: list[SentEvent]) -> list[list[SentEvent]]:
        late = sorted(timeline, key=lambda event: event.ts + self._random.randint(0, 20_000))
        edges = [*range(0, len(late), 4), len(late)]
        return [late[low:high] for low, high in pairwise(edges)]

    @property
    def is_done(self) -> bool:
        return self.acknowledged == len(self.calls)

    async def _start_session(self, connection: Connection) -> None:
        variant = {"media": MEDIA | {"length": LENGTH}}
        self._id = (await connection.ask(START, input={"variant": variant}))["startSession"]["session"]["id"]

    async def send_remaining(self, connection: Connection) -> None:
        if not self._id:
            await self._start_session(connection)
        while not self.is_done:
            if self.acknowledged and self._random.random() < 0.2:
                await self._send(connection, self._random.choice(self.calls[: self.acknowledged]))
            await self._send(connection, self.calls[self.acknowledged])
            self.acknowledged += 1
            self._progress.increment()

    async def _send(self, connection: Connection, call: list[SentEvent]) -> None:
        answer = await connection.ask(TRACK, input={"id": self._id, "events": [_event_input(event) for event in call]})
        assert answer["trackMedia"]["problems"] == []

    async def verify(self, connection: Connection) -> None:
        """The server has the metrics of all events, and each event once on the timeline."""
        shown = (await connection.ask(SESSION_QUERY, id=self._id))["session"]
        events = merge_calls(self.calls)
        expected = ReferencePlayback(SentEvent(FIRST_TS, "START", 0.0), events, LENGTH).metrics()
        assert shown["metrics"] == expected | {
            name: pytest.approx(expected[name], abs=0.001) for name in ("uniqueSeconds", "averageMinuteAudience")
        }
        timeline = [(edge["node"]["type"], edge["node"]["clientTime"]) for edge in shown["activities"]["edges"][1:]]
        assert sorted(timeline) == sorted(
            (event.type, to_rfc3339(event.ts)) for event in events if event.type != "PING"
        )


def _event_input(event: SentEvent) -> dict[str, Any]:
    params = {"media.state.name": event.name} if event.name else REQUIRED_PARAMS.get(event.type)
    input_ = {
        "type": event.type,
        "playerTime": {"playhead": event.playhead, "ts": to_rfc3339(event.ts)},
        "params": params,
    }
    return input_ if event.bitrate is None else input_ | {"qoe": {"bitrate": event.bitrate}}
