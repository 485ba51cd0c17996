"""The events of a player in the order in which they happened, whatever the order in which they arrive."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from operator import attrgetter
from typing import Final, NamedTuple

from models.clock import MINUTE, Instant
from models.enums import EventFlag
from resolvers.media.event import Event, Key
from resolvers.media.reducer import step
from resolvers.media.state import State

LATE: Final = MINUTE
"""How much older than the newest event one may be and still count."""
MAX_RECENT: Final = 2000
"""Behind how many newer events one may arrive and still count. One with a long name counts as several."""
NAME: Final = 64
"""Characters of a name that are not long."""

_TS: Final = attrgetter("ts")


class Standing(Enum):
    """What an event is to a playback when it arrives."""

    NEW = auto()
    REPEATED = auto()
    """It has been counted."""
    LATE = auto()
    LATE_REPEATED = auto()
    """It has come too late before."""


class Counted(NamedTuple):
    """What became of the events that were inserted together."""

    flags: dict[Key, EventFlag]
    """Of those that are kept and not counted, why."""
    moved: bool
    """Whether the playhead moved since the newest event before."""


@dataclass(slots=True)
class Playback:
    """A playback whose latest events can still be put in order.

    `checkpoint` is the state before them all, `recent` holds them, `state` is the state after them. An event costs two
    steps, one of each state, however many came before; only one that arrives behind a newer one makes the steps of all
    recent ones again.
    """

    state: State
    checkpoint: State
    recent: list[Event] = field(default_factory=list)
    older: dict[Key, bool] = field(default_factory=dict)
    """Events from before `floor` that are known, and whether they came too late: as many as are asked for."""
    _inserted: list[Event] = field(default_factory=list)
    _in_order: bool = True
    _moved: bool = False

    @classmethod
    def begin(cls, state: State) -> "Playback":
        """A playback of which nothing was heard since the start."""
        return cls(state, state.copy())

    @property
    def floor(self) -> Instant:
        """Events before it come too late."""
        # Of the moment that the checkpoint ends with, some events may be recent: what arrives would come before them.
        passed = self.checkpoint.ts + 1 if self.checkpoint.events else self.checkpoint.ts
        return max(self.state.ts - LATE, passed)

    def standing(self, event: Event) -> Standing:
        """What an event is to this playback. Where it is before the floor, `older` must say whether it is known."""
        late = self.older.get(event.key)
        if late is not None:
            return Standing.LATE_REPEATED if late else Standing.REPEATED
        first = bisect_left(self.recent, event.ts, key=_TS)
        of_this_moment = self.recent[first : bisect_right(self.recent, event.ts, key=_TS)]
        if any(event.key == known.key for known in of_this_moment):
            return Standing.REPEATED
        return Standing.LATE if event.ts < self.floor else Standing.NEW

    def keep_late(self, event: Event) -> None:
        """Know an event that came too late."""
        self.older[event.key] = True

    def insert(self, event: Event) -> None:
        """Put a new event where it belongs: behind all that are not newer. `count` lets it happen."""
        place = bisect_right(self.recent, event.ts, key=_TS)
        self._inserted.append(event)
        if place < len(self.recent):
            self._in_order = False
        else:
            before = self.recent[-1].playhead if self.recent else self.checkpoint.playhead
            self._moved = self._moved or event.playhead != before
        self.recent.insert(place, event)

    def count(self) -> Counted:
        """Let happen what was inserted."""
        if self._in_order:
            flags = _steps(self.state, self._inserted)
        else:
            self.state = self.checkpoint.copy()
            flags = _steps(self.state, self.recent)
        mine = {event.key for event in self._inserted}
        found = Counted({key: flag for key, flag in flags.items() if key in mine}, self._moved)
        self._inserted, self._in_order, self._moved = [], True, False
        self._settle()
        return found

    def _settle(self) -> None:
        """Move the checkpoint behind the events that nothing can arrive before any more."""
        settled = max(bisect_left(self.recent, self.state.ts - LATE, key=_TS), self._beyond())
        _steps(self.checkpoint, self.recent[:settled])
        self.older |= dict.fromkeys((event.key for event in self.recent[:settled]), False)
        del self.recent[:settled]

    def _beyond(self) -> int:
        """How many of the recent events are more than are kept."""
        room = MAX_RECENT
        for place in range(len(self.recent) - 1, -1, -1):
            room -= 1 + len(self.recent[place].name) // NAME
            if room < 0:
                return place + 1
        return 0


def _steps(state: State, events: Sequence[Event]) -> dict[Key, EventFlag]:
    return {event.key: flag for event in events if (flag := step(state, event)) is not None}
