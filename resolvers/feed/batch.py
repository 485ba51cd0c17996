"""Batch of log entries, prepared once for all consumers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.clock import Instant
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.feed.settling import has_due_transition


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Entries after the previous batch, with their sessions as they are now."""

    position: int
    """Of the last entry read."""
    now: Instant
    """Taken before the read."""
    time: float
    """The same moment on the timers' clock."""
    entries: Sequence[Activity]
    rows: Mapping[str, Session]
    """Sessions of the entries and those that consumers need, by id; without deleted ones."""
    complete: bool
    """Whether it reaches the head of the log. If not, `rows` may be newer than the entries."""
    newest_entries: dict[str, Activity] = field(init=False)
    """The newest entry of each session, in log order."""
    with_several_entries: set[str] = field(init=False)
    """Sessions whose newest entry may not be their only one. Deleting a session deletes its earlier entries."""
    due: set[str] = field(init=False)
    """Sessions with a transition that is due but not written yet."""

    def __post_init__(self) -> None:
        newest: dict[str, Activity] = {}
        repeated: set[str] = set()
        for entry in self.entries:
            if newest.pop(entry.session_id, None) is not None:
                repeated.add(entry.session_id)
            newest[entry.session_id] = entry
        object.__setattr__(self, "newest_entries", newest)
        object.__setattr__(self, "with_several_entries", repeated | (newest.keys() - self.rows.keys()))
        object.__setattr__(self, "due", {s.id for s in self.rows.values() if has_due_transition(s, self.now)})
