"""What a filter asks about: values of a session, in SQL over the table and in Python of a row.

What follows from the row and the clock is taken from the live rule, in both forms. In SQL there are two more forms, for
sessions whose end is written (`models.session_rules.is_past_sql`), and for the others: simpler, so that
indexes answer them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import ColumnElement, and_, false, not_, or_, select, true

from models import session_rules
from models.clock import Instant
from models.dialect import no_index
from models.enums import State
from models.tables import session, session_track
from models.tables.session import Session
from resolvers.filters.operators import Operator

ColumnLookup: TypeAlias = Callable[[str], ColumnElement[Any]]
"""Finds the columns of sessions whose end is written down, by their names."""

_ENDED_COLUMN_NAMES: Final = {"last_seen_at": "final_seen_at"}
"""What indexes can only hold where it is laid down: it changes with every sign of life."""
_LOW_SELECTIVITY: Final = frozenset({"project_id", "started_at"})


def ended_column(name: str) -> ColumnElement[Any]:
    """In the rows, and in the indexes of the past."""
    return session.c[_ENDED_COLUMN_NAMES.get(name, name)]


def ended_column_unindexed(name: str) -> ColumnElement[Any]:
    """The same for whoever reads the past in the order of an index until a page is full: many sessions are of a
    project, or began after some time, so that to look these up and sort them would take longer.
    """
    return no_index(ended_column(name)) if name in _LOW_SELECTIVITY else ended_column(name)


class FilterField(Protocol):
    """Something about a session that an operator can be asked of."""

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        """The condition that a row passes the test."""

    @property
    def ended_columns(self) -> frozenset[str]:
        """The columns that `past_sql` asks of; where there are none, it passes or fails all alike."""

    def ended_sql(self, test: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        """The same of a row whose end is written down; or of another table's, where that has these columns."""

    def live_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        """The same of any other row."""

    def matches(self, test: Operator, s: Session, now: Instant) -> bool:
        """Whether this session passes it."""


@dataclass(frozen=True)
class ColumnField:
    """What a column holds."""

    name: str

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - a column holds what it holds
        return test.sql(session.c[self.name])

    @property
    def ended_columns(self) -> frozenset[str]:
        return frozenset({self.name})

    def ended_sql(self, test: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        return test.sql(columns(self.name))

    def live_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - the same
        column = session.c[self.name]
        # A project has far more sessions that have ended than there are others in all.
        return test.sql(no_index(column) if self.name == "project_id" else column)

    def matches(self, test: Operator, s: Session, now: Instant) -> bool:  # noqa: ARG002 - the same
        return test.matches(getattr(s, self.name))


@dataclass(frozen=True)
class EndField:
    """What a column says of the end, or another one where time has ended it and that is not yet written down.

    Asked of each column by itself, so that the index of each serves.
    """

    column: str
    expired_column: str
    value_of: Callable[[Session, Instant], Any]

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        return or_(self.ended_sql(test), self.live_sql(test, now))

    @property
    def ended_columns(self) -> frozenset[str]:
        return frozenset({self.column})

    def ended_sql(self, test: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        return test.sql(columns(self.column))

    def live_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        return and_(session_rules.is_expired_sql(now), test.sql(session.c[self.expired_column]))

    def matches(self, test: Operator, s: Session, now: Instant) -> bool:
        return test.matches(self.value_of(s, now))


class StateField:
    """The state: a few words, so that SQL names those that pass."""

    ended_columns: Final = frozenset[str]()

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        return or_(false(), *(session_rules.in_state_sql(state, now) for state in State if test.matches(state)))

    def ended_sql(self, test: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:  # noqa: ARG002 - it is all in the name
        return true() if test.matches(State.ENDED) else false()

    def live_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        states = (
            session_rules.in_state_sql(state, now) for state in State if state != State.ENDED and test.matches(state)
        )
        return or_(session_rules.is_expired_sql(now) if test.matches(State.ENDED) else false(), *states)

    def matches(self, test: Operator, s: Session, now: Instant) -> bool:
        return test.matches(session_rules.state(s, now))


class VisibleField:
    """Whether it is visible now."""

    ended_columns: Final = frozenset[str]()

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        visible = session_rules.is_visible_sql(now)
        return or_(false(), *(visible if value else not_(visible) for value in (True, False) if test.matches(value)))

    def ended_sql(self, test: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:  # noqa: ARG002 - it is all in the name
        return true() if test.matches(False) else false()

    def live_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        return self.sql(test, now)

    def matches(self, test: Operator, s: Session, now: Instant) -> bool:
        return test.matches(session_rules.is_visible(s, now))


class TracksField:
    """The tracks of an AGENDA session: one that passes is enough."""

    ended_columns: Final = frozenset({"id"})

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - tracks know no time
        return self.ended_sql(test)

    def live_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - the same
        return self.ended_sql(test)

    def ended_sql(self, test: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        return columns("id").in_(select(session_track.c.session_id).where(test.sql(session_track.c.track)))

    def matches(self, test: Operator, s: Session, now: Instant) -> bool:  # noqa: ARG002 - the same
        return any(test.matches(track) for track in s.details.get("schedule_tracks", ()))


STATE = StateField()
END = EndField("ended_at", "expires_at", session_rules.effective_end)
END_REASON = EndField("end_reason", "expiry_reason", session_rules.end_reason)
