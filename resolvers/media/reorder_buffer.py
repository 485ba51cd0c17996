"""The events of a player in the order in which they happened, whatever the order in which they arrive."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from operator import attrgetter
from typing import Final, NamedTuple

from models.clock import MINUTE, Instant
from models.enums import EventFlag
from resolvers.media.event import Event, EventKey
from resolvers.media.reducer import reduce_event
from resolvers.media.state import PlaybackState

ALLOWED_LATENESS_MS: Final = MINUTE
"""How much older than the newest event one may be and still count."""
MAX_RECENT: Final = 2000
"""Behind how many newer events one may arrive and still count. One with a long name counts as several."""
NAME_CHARS_PER_SLOT: Final = 64
"""Characters of a name that are not long."""

_TS: Final = attrgetter("ts")


class Arrival(Enum):
    """What an event is to a playback when it arrives."""

    NEW = auto()
    DUPLICATE = auto()
    """It has been counted."""
    LATE = auto()
    LATE_DUPLICATE = auto()
    """It has come too late before."""


class ApplyResult(NamedTuple):
    """What became of the events that were inserted together."""

    flags: dict[EventKey, EventFlag]
    """Of those that are kept and not counted, why."""
    playhead_moved: bool
    """Whether the playhead moved since the newest event before."""


@dataclass(slots=True)
class ReorderBuffer:
    """A playback whose latest events can still be put in order.

    `checkpoint` is the state before them all, `recent` holds them, `state` is the state after them. An event costs two
    steps, one of each state, however many came before; only one that arrives behind a newer one makes the steps of all
    recent ones again.
    """

    state: PlaybackState
    checkpoint: PlaybackState
    recent: list[Event] = field(default_factory=list)
    late_by_key: dict[EventKey, bool] = field(default_factory=dict)
    """Events from before `floor` that are known, and whether they came too late: as many as are asked for."""
    _inserted: list[Event] = field(default_factory=list)
    _in_order: bool = True
    _playhead_moved: bool = False

    @classmethod
    def from_state(cls, state: PlaybackState) -> "ReorderBuffer":
        """A playback of which nothing was heard since the start."""
        return cls(state, state.copy())

    @property
    def watermark(self) -> Instant:
        """Events before it come too late."""
        # Of the moment that the checkpoint ends with, some events may be recent: what arrives would come before them.
        first_open_ts = self.checkpoint.ts + 1 if self.checkpoint.events else self.checkpoint.ts
        return max(self.state.ts - ALLOWED_LATENESS_MS, first_open_ts)

    def classify(self, event: Event) -> Arrival:
        """What an event is to this playback. Where it is before the floor, `older` must say whether it is known."""
        late = self.late_by_key.get(event.key)
        if late is not None:
            return Arrival.LATE_DUPLICATE if late else Arrival.DUPLICATE
        first = bisect_left(self.recent, event.ts, key=_TS)
        same_ts = self.recent[first : bisect_right(self.recent, event.ts, key=_TS)]
        if any(event.key == known.key for known in same_ts):
            return Arrival.DUPLICATE
        return Arrival.LATE if event.ts < self.watermark else Arrival.NEW

    def mark_late(self, event: Event) -> None:
        """Know an event that came too late."""
        self.late_by_key[event.key] = True

    def insert(self, event: Event) -> None:
        """Put a new event where it belongs: behind all that are not newer. `count` lets it happen."""
        index = bisect_right(self.recent, event.ts, key=_TS)
        self._inserted.append(event)
        if index < len(self.recent):
            self._in_order = False
        else:
            previous_playhead = self.recent[-1].playhead if self.recent else self.checkpoint.playhead
            self._playhead_moved = self._playhead_moved or event.playhead != previous_playhead
        self.recent.insert(index, event)

    def apply_inserted(self) -> ApplyResult:
        """Let happen what was inserted."""
        if self._in_order:
            flags = _reduce_all(self.state, self._inserted)
        else:
            self.state = self.checkpoint.copy()
            flags = _reduce_all(self.state, self.recent)
        inserted_keys = {event.key for event in self._inserted}
        result = ApplyResult({key: flag for key, flag in flags.items() if key in inserted_keys}, self._playhead_moved)
        self._inserted, self._in_order, self._playhead_moved = [], True, False
        self._advance_checkpoint()
        return result

    def _advance_checkpoint(self) -> None:
        """Move the checkpoint behind the events that nothing can arrive before any more."""
        closed = max(bisect_left(self.recent, self.state.ts - ALLOWED_LATENESS_MS, key=_TS), self._overflow())
        _reduce_all(self.checkpoint, self.recent[:closed])
        self.late_by_key |= dict.fromkeys((event.key for event in self.recent[:closed]), False)
        del self.recent[:closed]

    def _overflow(self) -> int:
        """How many of the recent events are more than are kept."""
        slots = MAX_RECENT
        for index in range(len(self.recent) - 1, -1, -1):
            slots -= 1 + len(self.recent[index].name) // NAME_CHARS_PER_SLOT
            if slots < 0:
                return index + 1
        return 0


def _reduce_all(state: PlaybackState, events: Sequence[Event]) -> dict[EventKey, EventFlag]:
    return {event.key: flag for event in events if (flag := reduce_event(state, event)) is not None}
