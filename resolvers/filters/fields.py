"""Properties of a session that operators apply to, in Python and in SQL.

In SQL each has a form for ended sessions, answered from indexes, and one for live sessions, which applies the session
rules (`models.session_rules`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, and_, false, not_, or_, select, true

from models import session_rules
from models.clock import Instant
from models.dialect import no_index
from models.enums import State
from models.tables import session, session_track
from models.tables.session import Session
from resolvers.filters.operators import Operator

ColumnLookup: TypeAlias = Callable[[str], ColumnElement[Any]]
"""Returns the column that holds a property of ended sessions."""

_ENDED_COLUMN_NAMES: Final = {"last_seen_at": "final_seen_at"}
"""Columns that change with every keepalive and therefore are not indexed, with their indexed copies."""
_LOW_SELECTIVITY: Final = frozenset({"project_id", "started_at"})


def ended_column(name: str) -> ColumnElement[Any]:
    return session.c[_ENDED_COLUMN_NAMES.get(name, name)]


def ended_column_unindexed(name: str) -> ColumnElement[Any]:
    """Like `ended_column`, for statements that scan an index in the order of a list until a page is full.

    Many sessions share a project or start after some time: to look these up and sort them would take longer.
    """
    return no_index(ended_column(name)) if name in _LOW_SELECTIVITY else ended_column(name)


class FilterField(ABC):
    @abstractmethod
    def value(self, s: Session, now: Instant) -> Any: ...

    @abstractmethod
    def ended_sql(self, operator: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        """Condition on a row of an ended session, or of another table that has the same columns."""

    @abstractmethod
    def live_sql(self, operator: Operator, now: Instant) -> ColumnElement[bool]:
        """Condition on the row of a live session."""

    def sql(self, operator: Operator, now: Instant) -> ColumnElement[bool]:
        """Condition on the row of any session."""
        return or_(
            and_(session_rules.is_ended_sql(indexed=False), self.ended_sql(operator)),
            and_(session_rules.is_live_sql(), self.live_sql(operator, now)),
        )

    def matches(self, operator: Operator, s: Session, now: Instant) -> bool:
        return operator.matches(self.value(s, now))


@dataclass(frozen=True)
class ColumnField(FilterField):
    """The value of a column."""

    name: str

    def value(self, s: Session, now: Instant) -> Any:  # noqa: ARG002 - independent of time
        return getattr(s, self.name)

    def ended_sql(self, operator: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        return operator.sql(columns(self.name))

    def live_sql(self, operator: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - independent of time
        column = session.c[self.name]
        # Not by the index on project_id: a project has far more ended sessions than there are live ones in all.
        return operator.sql(no_index(column) if self.name == "project_id" else column)

    def sql(self, operator: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - independent of time
        return operator.sql(session.c[self.name])


@dataclass(frozen=True)
class EndField(FilterField):
    """A property of a session's end; null while it has not ended."""

    column: str
    expired_column: str
    """Holds the property if the session expired and its end is not recorded yet."""
    value_of: Callable[[Session, Instant], Any]

    def value(self, s: Session, now: Instant) -> Any:
        return self.value_of(s, now)

    def ended_sql(self, operator: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        return operator.sql(columns(self.column))

    def live_sql(self, operator: Operator, now: Instant) -> ColumnElement[bool]:
        return and_(session_rules.is_expired_sql(now), operator.sql(session.c[self.expired_column]))


@dataclass(frozen=True, eq=False)
class ComputedField(FilterField):
    """A property that follows from the row and the clock, with few values: SQL lists those that match."""

    value_of: Callable[[Session, Instant], Any]
    ended_value: Any
    """The value of every ended session."""
    live_values: Mapping[Any, Callable[[Instant], ColumnElement[bool]]]
    """The conditions of the values that a live row can have."""

    def value(self, s: Session, now: Instant) -> Any:
        return self.value_of(s, now)

    def ended_sql(self, operator: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:  # noqa: ARG002 - constant
        return true() if operator.matches(self.ended_value) else false()

    def live_sql(self, operator: Operator, now: Instant) -> ColumnElement[bool]:
        return or_(false(), *(sql(now) for value, sql in self.live_values.items() if operator.matches(value)))


class TracksField(FilterField):
    """The tracks of an AGENDA session, of which one has to match."""

    def value(self, s: Session, now: Instant) -> Any:  # noqa: ARG002 - independent of time
        return s.details.get("schedule_tracks", ())

    def matches(self, operator: Operator, s: Session, now: Instant) -> bool:
        return any(map(operator.matches, self.value(s, now)))

    def ended_sql(self, operator: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        return columns("id").in_(select(session_track.c.session_id).where(operator.sql(session_track.c.track)))

    def live_sql(self, operator: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - independent of time
        return self.ended_sql(operator)

    sql = live_sql


STATE: Final = ComputedField(
    session_rules.state,
    State.ENDED,
    {
        State.ENDED: session_rules.is_expired_sql,
        State.ACTIVE: lambda now: session_rules.in_state_sql(State.ACTIVE, now),
        State.SCHEDULED: lambda now: session_rules.in_state_sql(State.SCHEDULED, now),
    },
)
VISIBLE: Final = ComputedField(
    session_rules.is_visible,
    False,
    {True: session_rules.is_visible_sql, False: lambda now: not_(session_rules.is_visible_sql(now))},
)
END: Final = EndField("ended_at", "expires_at", session_rules.effective_end)
END_REASON: Final = EndField("end_reason", "expiry_reason", session_rules.end_reason)
