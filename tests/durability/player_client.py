"""Players that tell a timeline to a server that dies: what was not answered is told again, and something else too."""

import asyncio
import random
from itertools import accumulate, pairwise
from typing import Any, Final

from models.enums import MediaEventType
from tests.media.player_client import METRICS, NEEDED
from tests.media.reference_metrics import Told, Whole, whole
from tests.model_based.player_events import FIRST_TS, LENGTH
from tests.model_based.render import text
from tests.model_based.start_inputs import MEDIA
from tests.server_process import Wire

START: Final = "mutation($input: StartSessionInput!) { startSession(input: $input) { session { id } } }"
TRACK: Final = "mutation($input: TrackMediaInput!) { trackMedia(input: $input) { problems { code } } }"
SHOWN: Final = f"""query($id: ID!) {{ session(id: $id) {{ ... on MediaSession {{ {METRICS} }}
    activities(first: 500) {{ edges {{ node {{ type clientTime }} }} }} }} }}"""
OFTEN: Final = {"PING": 4, "PLAY": 2}
TYPES: Final = [type_.value for type_ in MediaEventType for _ in range(OFTEN.get(type_, 1))]


class Progress:
    """How many calls were acknowledged to all of them."""

    def __init__(self) -> None:
        self.calls = 0
        self._enough = 0
        self.reached = asyncio.Event()

    def until(self, calls: int) -> asyncio.Event:
        """What is set once there are so many."""
        self._enough = calls
        self.reached.clear()
        return self.reached

    def add(self) -> None:
        self.calls += 1
        if self.calls >= self._enough:
            self.reached.set()


class Teller:
    """One player with something to tell, a minute long, not quite in order."""

    def __init__(self, number: int, events: int, progress: Progress) -> None:
        self._progress = progress
        self._chance = random.Random(number)  # noqa: S311 - repeatable, not secret
        self.calls = self._cut(self._timeline(events))
        self.told = 0
        """Calls that were acknowledged."""
        self._id = ""

    def _timeline(self, events: int) -> list[Told]:
        gaps = [self._chance.choice([0, 1, 400, 900]) for _ in range(events)]
        times = [min(ts, 59_000) for ts in accumulate(gaps)]
        return [self._event(FIRST_TS + ts, ts / 1000) for ts in times]

    def _event(self, ts: int, playhead: float) -> Told:
        type_ = self._chance.choice(TYPES)
        name = self._chance.choice(["mute", "fullScreen"]) if type_.startswith("STATE") else ""
        return Told(ts, type_, playhead, 1000.0 if type_ == "BITRATE_CHANGE" else None, name)

    def _cut(self, timeline: list[Told]) -> list[list[Told]]:
        late = sorted(timeline, key=lambda event: event.ts + self._chance.randint(0, 20_000))
        edges = [*range(0, len(late), 4), len(late)]
        return [late[low:high] for low, high in pairwise(edges)]

    @property
    def is_done(self) -> bool:
        return self.told == len(self.calls)

    async def _begin(self, wire: Wire) -> None:
        variant = {"media": MEDIA | {"length": LENGTH}}
        self._id = (await wire.ask(START, input={"variant": variant}))["startSession"]["session"]["id"]

    async def go_on(self, wire: Wire) -> None:
        """Tell what was not acknowledged, and now and then what was."""
        if not self._id:
            await self._begin(wire)
        while not self.is_done:
            if self.told and self._chance.random() < 0.2:
                await self._tell(wire, self._chance.choice(self.calls[: self.told]))
            await self._tell(wire, self.calls[self.told])
            self.told += 1
            self._progress.add()

    async def _tell(self, wire: Wire, call: list[Told]) -> None:
        answer = await wire.ask(TRACK, input={"id": self._id, "events": [_input(event) for event in call]})
        assert answer["trackMedia"]["problems"] == []

    async def check(self, wire: Wire) -> None:
        """The server has the figures of the whole, and each event once on the timeline."""
        shown = (await wire.ask(SHOWN, id=self._id))["session"]
        events = whole(self.calls)
        expected = Whole(Told(FIRST_TS, "START", 0.0), events, LENGTH).figures()
        assert shown["metrics"] == expected | {
            name: _near(shown["metrics"][name], expected[name]) for name in ("uniqueSeconds", "averageMinuteAudience")
        }
        timeline = [(edge["node"]["type"], edge["node"]["clientTime"]) for edge in shown["activities"]["edges"][1:]]
        assert sorted(timeline) == sorted((event.type, text(event.ts)) for event in events if event.type != "PING")


def _near(found: float, expected: float) -> float:
    return found if abs(found - expected) < 0.001 else expected


def _input(event: Told) -> dict[str, Any]:
    params = {"media.state.name": event.name} if event.name else NEEDED.get(event.type)
    given = {"type": event.type, "playerTime": {"playhead": event.playhead, "ts": text(event.ts)}, "params": params}
    return given if event.bitrate is None else given | {"qoe": {"bitrate": event.bitrate}}
