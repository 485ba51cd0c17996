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
from models.dialect import unindexed
from models.enums import State
from models.tables import session, session_track
from models.tables.session import Session
from resolvers.filters.operators import Operator

Columns: TypeAlias = Callable[[str], ColumnElement[Any]]
"""Finds the columns of sessions whose end is written down, by their names."""

_LAID_DOWN: Final = {"last_seen_at": "final_seen_at"}
"""What indexes can only hold where it is laid down: it changes with every sign of life."""
_SELDOM_FEW: Final = frozenset({"project_id", "started_at"})


def laid_down(name: str) -> ColumnElement[Any]:
    """In the rows, and in the indexes of the past."""
    return session.c[_LAID_DOWN.get(name, name)]


def in_passing(name: str) -> ColumnElement[Any]:
    """The same for whoever reads the past in the order of an index until a page is full: many sessions are of a
    project, or began after some time, so that to look these up and sort them would take longer.
    """
    return unindexed(laid_down(name)) if name in _SELDOM_FEW else laid_down(name)


class Term(Protocol):
    """Something about a session that an operator can be asked of."""

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        """The condition that a row passes the test."""

    @property
    def past_columns(self) -> frozenset[str]:
        """The columns that `past_sql` asks of; where there are none, it passes or fails all alike."""

    def past_sql(self, test: Operator, columns: Columns = laid_down) -> ColumnElement[bool]:
        """The same of a row whose end is written down; or of another table's, where that has these columns."""

    def present_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        """The same of any other row."""

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:
        """Whether this session passes it."""


@dataclass(frozen=True)
class Column:
    """What a column holds."""

    name: str

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - a column holds what it holds
        return test.sql(session.c[self.name])

    @property
    def past_columns(self) -> frozenset[str]:
        return frozenset({self.name})

    def past_sql(self, test: Operator, columns: Columns = laid_down) -> ColumnElement[bool]:
        return test.sql(columns(self.name))

    def present_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - the same
        column = session.c[self.name]
        # A project has far more sessions that have ended than there are others in all.
        return test.sql(unindexed(column) if self.name == "project_id" else column)

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:  # noqa: ARG002 - the same
        return test.holds(getattr(s, self.name))


@dataclass(frozen=True)
class OnceEnded:
    """What a column says of the end, or another one where time has ended it and that is not yet written down.

    Asked of each column by itself, so that the index of each serves.
    """

    written: str
    lapsed: str
    of: Callable[[Session, Instant], Any]

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        return or_(self.past_sql(test), self.present_sql(test, now))

    @property
    def past_columns(self) -> frozenset[str]:
        return frozenset({self.written})

    def past_sql(self, test: Operator, columns: Columns = laid_down) -> ColumnElement[bool]:
        return test.sql(columns(self.written))

    def present_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        return and_(session_rules.has_lapsed_sql(now), test.sql(session.c[self.lapsed]))

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:
        return test.holds(self.of(s, now))


class LiveState:
    """The state: a few words, so that SQL names those that pass."""

    past_columns: Final = frozenset[str]()

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        return or_(false(), *(session_rules.in_state_sql(state, now) for state in State if test.holds(state)))

    def past_sql(self, test: Operator, columns: Columns = laid_down) -> ColumnElement[bool]:  # noqa: ARG002 - it is all in the name
        return true() if test.holds(State.ENDED) else false()

    def present_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        going = (
            session_rules.in_state_sql(state, now) for state in State if state != State.ENDED and test.holds(state)
        )
        return or_(session_rules.has_lapsed_sql(now) if test.holds(State.ENDED) else false(), *going)

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:
        return test.holds(session_rules.state(s, now))


class Visible:
    """Whether it is visible now."""

    past_columns: Final = frozenset[str]()

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        visible = session_rules.is_visible_sql(now)
        return or_(false(), *(visible if value else not_(visible) for value in (True, False) if test.holds(value)))

    def past_sql(self, test: Operator, columns: Columns = laid_down) -> ColumnElement[bool]:  # noqa: ARG002 - it is all in the name
        return true() if test.holds(False) else false()

    def present_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        return self.sql(test, now)

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:
        return test.holds(session_rules.is_visible(s, now))


class Tracks:
    """The tracks of an AGENDA session: one that passes is enough."""

    past_columns: Final = frozenset({"id"})

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - tracks know no time
        return self.past_sql(test)

    def present_sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - the same
        return self.past_sql(test)

    def past_sql(self, test: Operator, columns: Columns = laid_down) -> ColumnElement[bool]:
        return columns("id").in_(select(session_track.c.session_id).where(test.sql(session_track.c.track)))

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:  # noqa: ARG002 - the same
        return any(test.holds(track) for track in s.details.get("schedule_tracks", ()))


LIVE_STATE = LiveState()
END = OnceEnded("ended_at", "expires_at", session_rules.effective_end)
END_REASON = OnceEnded("end_reason", "expiry_reason", session_rules.end_reason)
