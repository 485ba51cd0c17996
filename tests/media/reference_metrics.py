"""Reference implementation of playback metrics: recomputed from the whole list of events. Times are milliseconds."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

PLAYER_STATES = {"PLAY": "PLAYING", "PAUSE_START": "PAUSED", "BUFFER_START": "BUFFERING"}
FLAGGED = "flagged"
COUNTS = {
    "adStarts": "AD_START",
    "adCompletes": "AD_COMPLETE",
    "errorCount": "ERROR",
    "chapterStarts": "CHAPTER_START",
    "chapterCompletes": "CHAPTER_COMPLETE",
    "pauseCount": "PAUSE_START",
    "bufferCount": "BUFFER_START",
    "bitrateChanges": "BITRATE_CHANGE",
}


@dataclass(frozen=True)
class SentEvent:
    ts: int
    type: str
    playhead: float
    bitrate: float | None = None
    name: str = ""
    label: str = ""
    """Stands for other parameters, by which events of one `ts` and type differ."""

    @property
    def identity(self) -> tuple[Any, ...]:
        bitrate = self.bitrate if self.type == "BITRATE_CHANGE" else None
        return self.ts, self.type, self.name, self.label, bitrate


def merge_calls(calls: list[list[SentEvent]]) -> list[SentEvent]:
    """Sort the events of all calls by `ts` (ties: arrival), without duplicates."""
    first_arrivals: dict[tuple[Any, ...], SentEvent] = {}
    for call in calls:
        for event in sorted(call, key=lambda event: event.ts):
            first_arrivals.setdefault(event.identity, event)
    return sorted(first_arrivals.values(), key=lambda event: event.ts)


class ReferencePlayback:
    """Playback as a list of events; `events[0]` is the start of the session."""

    def __init__(self, start: SentEvent, events: list[SentEvent], length: float) -> None:
        self.events = [start, *events]
        self.length = length
        self.counted_types: list[str] = []
        for event in self.events:
            self.counted_types.append(FLAGGED if self._is_flagged(event) else event.type)

    def _is_flagged(self, event: SentEvent) -> bool:
        before = len(self.counted_types) - 1
        return {
            "AD_START": not self.in_break(before),
            "AD_BREAK_COMPLETE": not self.in_break(before),
            "AD_COMPLETE": not self.in_ad(before),
            "AD_SKIP": not self.in_ad(before),
            "CHAPTER_COMPLETE": not self.in_chapter(before),
            "CHAPTER_SKIP": not self.in_chapter(before),
            "STATE_END": not self.in_state(before, event.name),
            "STATE_START": len({*self.named_states(before), event.name}) > 10,
        }.get(event.type, False)

    # ---- state after the event at `index` ----

    def _last(self, index: int, *types: str, name: str | None = None) -> str | None:
        for at in range(index, -1, -1):
            if self.counted_types[at] in types and (name is None or self.events[at].name == name):
                return self.counted_types[at]
        return None

    def player(self, index: int) -> str:
        last = self._last(index, *PLAYER_STATES)
        return "STARTING" if last is None else PLAYER_STATES[last]

    def in_break(self, index: int) -> bool:
        return self._last(index, "AD_BREAK_START", "AD_BREAK_COMPLETE") == "AD_BREAK_START"

    def in_ad(self, index: int) -> bool:
        ends = ("AD_COMPLETE", "AD_SKIP", "AD_BREAK_START", "AD_BREAK_COMPLETE")
        return self._last(index, "AD_START", *ends) == "AD_START"

    def in_chapter(self, index: int) -> bool:
        return self._last(index, "CHAPTER_START", "CHAPTER_COMPLETE", "CHAPTER_SKIP") == "CHAPTER_START"

    def in_state(self, index: int, name: str) -> bool:
        return self._last(index, "STATE_START", "STATE_END", name=name) == "STATE_START"

    def named_states(self, index: int) -> list[str]:
        started = [self.events[at].name for at in range(index + 1) if self.counted_types[at] == "STATE_START"]
        return list(dict.fromkeys(started))

    def bitrate(self, index: int) -> float | None:
        known = [event.bitrate for event in self.events[: index + 1] if event.bitrate is not None]
        return known[-1] if known else None

    def phase(self, index: int) -> str:
        """Name what the time after the event counts for."""
        player = self.player(index)
        if player in ("PAUSED", "BUFFERING"):
            return player
        if self.in_ad(index):
            return "AD"
        return "CONTENT" if player == "PLAYING" and not self.in_break(index) else "NOTHING"

    # ---- intervals, by the index of the event that each follows ----

    def _intervals(self, *phases: str) -> list[int]:
        return [index for index in range(len(self.events) - 1) if self.phase(index) in phases]

    def _ms(self, intervals: list[int]) -> int:
        return sum(self.events[index + 1].ts - self.events[index].ts for index in intervals)

    def _stall_runs(self) -> list[list[int]]:
        runs: list[list[int]] = []
        for index in self._intervals("CONTENT"):
            if self.events[index].playhead != self.events[index + 1].playhead:
                continue
            if runs and runs[-1][-1] == index - 1:
                runs[-1].append(index)
            else:
                runs.append([index])
        return [run for run in runs if len(run) >= 2 and self._ms(run) >= 1000]

    def _unique_seconds(self) -> float:
        played = []
        for index in self._intervals("CONTENT"):
            before, after = self.events[index], self.events[index + 1]
            if before.playhead < after.playhead <= before.playhead + 2 * (after.ts - before.ts) / 1000 + 2:
                played.append((before.playhead, after.playhead))
        edges = sorted({edge for interval in played for edge in interval})
        covered = [(low, high) for low, high in pairwise(edges) if any(a <= low and high <= b for a, b in played)]
        return sum(high - low for low, high in covered)

    def _start_index(self) -> int | None:
        plays = (i for i in range(len(self.events)) if self.player(i) == "PLAYING" and not self.in_break(i))
        return next(plays, None)

    def metrics(self) -> dict[str, Any]:
        stalled = [index for run in self._stall_runs() for index in run]
        content = [index for index in self._intervals("CONTENT") if index not in stalled]
        ads = self._intervals("AD")
        with_bitrate = [index for index in [*content, *ads] if self.bitrate(index) is not None]
        bits = sum((self.bitrate(index) or 0) * self._ms([index]) for index in with_bitrate)
        start_index = self._start_index()
        max_playhead = 0.0 if start_index is None else max(event.playhead for event in self.events[start_index:])
        names = [event.name for event in self.events]

        def seconds(intervals: list[int]) -> float:
            return self._ms(intervals) / 1000

        counted = {name: self.counted_types.count(type_) for name, type_ in COUNTS.items()}
        return counted | {
            "contentStarted": start_index is not None,
            "contentCompleted": "SESSION_COMPLETE" in self.counted_types,
            "contentSeconds": seconds(content),
            "mediaSeconds": seconds([*content, *ads]),
            "adSeconds": seconds(ads),
            "chapterSeconds": seconds([index for index in content if self.in_chapter(index)]),
            "pauseSeconds": seconds(self._intervals("PAUSED")),
            "bufferSeconds": seconds(self._intervals("BUFFERING")),
            "stallCount": len(self._stall_runs()),
            "averageBitrate": bits / self._ms(with_bitrate) if self._ms(with_bitrate) else None,
            "uniqueSeconds": self._unique_seconds(),
            "averageMinuteAudience": seconds(content) / self.length if self.length else None,
            "progressMarks": [
                mark for mark in (10, 25, 50, 75, 95) if self.length and max_playhead >= mark * self.length / 100
            ],
            "states": [
                {
                    "name": name,
                    "count": list(zip(self.counted_types, names, strict=True)).count(("STATE_START", name)),
                    "seconds": seconds([i for i in range(len(self.events) - 1) if self.in_state(i, name)]),
                }
                for name in self.named_states(len(self.events) - 1)
            ],
        }
