"""Reorder buffer: player events in `ts` order, in whatever order they arrive."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from operator import attrgetter
from typing import Final, NamedTuple

from models.clock import MINUTE, Instant
from models.enums import EventFlag
from resolvers.media.reducer import reduce_event
from resolvers.media.state import Event, EventKey, PlaybackState

ALLOWED_LATENESS_MS: Final = MINUTE
"""An event that is older than the newest one by more than this is late: recorded, not counted."""
MAX_RECENT: Final = 2000
"""Slots; an event behind more newer ones is late. An event takes one slot, and more if its name is long."""
NAME_CHARS_PER_SLOT: Final = 64

_TS: Final = attrgetter("ts")


class Arrival(Enum):
    NEW = auto()
    DUPLICATE = auto()
    LATE = auto()
    LATE_DUPLICATE = auto()


class ApplyResult(NamedTuple):
    flags: dict[EventKey, EventFlag]
    """Why events are recorded and not counted."""
    playhead_moved: bool
    """Whether an event in order moved the playhead."""


@dataclass(slots=True)
class ReorderBuffer:
    """Playback whose recent events can still be reordered.

    `checkpoint` is the state before the recent events, `state` the one after them. An event in order costs two
    reductions, however many came before; one out of order reduces all recent events again.
    """

    state: PlaybackState
    checkpoint: PlaybackState
    recent: list[Event] = field(default_factory=list)
    late_by_key: dict[EventKey, bool] = field(default_factory=dict)
    """Recorded events from before the watermark, and whether they were late. Filled by the caller as needed."""
    _inserted: list[Event] = field(default_factory=list)
    _in_order: bool = True
    _playhead_moved: bool = False

    @classmethod
    def from_state(cls, state: PlaybackState) -> "ReorderBuffer":
        return cls(state, state.copy())

    @property
    def watermark(self) -> Instant:
        """Earliest `ts` that is not late."""
        # Events with the checkpoint's own `ts` may be recent: a new one of that `ts` would have to precede them.
        first_open_ts = self.checkpoint.ts + 1 if self.checkpoint.events else self.checkpoint.ts
        return max(self.state.ts - ALLOWED_LATENESS_MS, first_open_ts)

    def classify(self, event: Event) -> Arrival:
        """Classify an event; for one before the watermark, `late_by_key` must be filled."""
        late = self.late_by_key.get(event.key)
        if late is not None:
            return Arrival.LATE_DUPLICATE if late else Arrival.DUPLICATE
        first = bisect_left(self.recent, event.ts, key=_TS)
        same_ts = self.recent[first : bisect_right(self.recent, event.ts, key=_TS)]
        if any(event.key == known.key for known in same_ts):
            return Arrival.DUPLICATE
        return Arrival.LATE if event.ts < self.watermark else Arrival.NEW

    def mark_late(self, event: Event) -> None:
        self.late_by_key[event.key] = True

    def insert(self, event: Event) -> None:
        """Insert a new event behind all that are not newer; `apply_inserted` counts it."""
        index = bisect_right(self.recent, event.ts, key=_TS)
        self._inserted.append(event)
        if index < len(self.recent):
            self._in_order = False
        else:
            previous_playhead = self.recent[-1].playhead if self.recent else self.checkpoint.playhead
            self._playhead_moved = self._playhead_moved or event.playhead != previous_playhead
        self.recent.insert(index, event)

    def apply_inserted(self) -> ApplyResult:
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
        """Move the checkpoint past events that no new event can precede any more."""
        closed = max(bisect_left(self.recent, self.state.ts - ALLOWED_LATENESS_MS, key=_TS), self._overflow())
        _reduce_all(self.checkpoint, self.recent[:closed])
        self.late_by_key |= dict.fromkeys((event.key for event in self.recent[:closed]), False)
        del self.recent[:closed]

    def _overflow(self) -> int:
        """Count the oldest recent events that exceed the slots."""
        slots = MAX_RECENT
        for index in range(len(self.recent) - 1, -1, -1):
            slots -= 1 + len(self.recent[index].name) // NAME_CHARS_PER_SLOT
            if slots < 0:
                return index + 1
        return 0


def _reduce_all(state: PlaybackState, events: Sequence[Event]) -> dict[EventKey, EventFlag]:
    return {event.key: flag for event in events if (flag := reduce_event(state, event)) is not None}
