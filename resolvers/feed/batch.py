"""What one look at the log has found, prepared once for all who follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.clock import Instant
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.feed.settling import has_due_transition


@dataclass(frozen=True, slots=True)
class LogBatch:
    """The entries behind the last batch, with the sessions they are of."""

    position: int
    """The newest entry that has been seen."""
    now: Instant
    """Taken before the database was read."""
    time: float
    """The same by the timers."""
    entries: Sequence[Activity]
    rows: Mapping[str, Session]
    """The sessions of the entries and those that somebody asked for; without those that are gone."""
    complete: bool
    """Whether it reaches to the end of the log. Else sessions may be ahead of the entries."""
    newest_entries: dict[str, Activity] = field(init=False)
    """By session its newest entry, in the order of these."""
    with_several_entries: set[str] = field(init=False)
    """The sessions that more may have happened to than their newest entry says. One that is gone took the others along.
    """
    due: set[str] = field(init=False)
    """The sessions that time has changed, which is not yet written down."""

    def __post_init__(self) -> None:
        newest: dict[str, Activity] = {}
        with_several_entries: set[str] = set()
        for entry in self.entries:
            if newest.pop(entry.session_id, None) is not None:
                with_several_entries.add(entry.session_id)
            newest[entry.session_id] = entry
        object.__setattr__(self, "newest_entries", newest)
        object.__setattr__(self, "with_several_entries", with_several_entries | (newest.keys() - self.rows.keys()))
        object.__setattr__(self, "due", {s.id for s in self.rows.values() if has_due_transition(s, self.now)})
