"""Predicates on sessions: a property and a comparison operator, in Python and in SQL.

In SQL a property has one form for ended sessions, answered from indexes, and one for live sessions, which applies the
session rules (`models.session_rules`). Null satisfies no operator.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Table,
    Text,
    and_,
    bindparam,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from models import json, session_rules
from models.clock import Instant
from models.dialect import MAX_INT64, MIN_INT64, bounded_range, no_index
from models.enums import State
from models.session_rules import SqlInstant
from models.tables import session, session_track
from models.tables.rows import Session

# ---- operators ----


class Operator(Protocol):
    def sql(self, value: ColumnElement[Any], name: str | None = None) -> ColumnElement[bool]:
        """Return the condition; with `name`, its values are parameters of that name, for statements that are kept."""

    def parameters(self, name: str) -> dict[str, Any]:
        """Return the values of the parameters of `sql`."""

    def matches(self, value: Any) -> bool: ...


@dataclass(frozen=True)
class Parameterized:
    """An operator whose values are parameters."""

    operator: Operator
    name: str

    def sql(self, value: ColumnElement[Any], name: str | None = None) -> ColumnElement[bool]:
        return self.operator.sql(value, name or self.name)

    def parameters(self, name: str) -> dict[str, Any]:
        return self.operator.parameters(name)

    def matches(self, value: Any) -> bool:
        return self.operator.matches(value)


@dataclass(frozen=True)
class In:
    """Membership; text is compared exactly."""

    values: tuple[Any, ...]
    members: frozenset[Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", frozenset(self.values))

    def sql(self, value: ColumnElement[Any], name: str | None = None) -> ColumnElement[bool]:
        return value.in_(self.values if name is None else bindparam(name, expanding=True))

    def parameters(self, name: str) -> dict[str, Any]:
        return {name: self.values}

    def matches(self, value: Any) -> bool:
        return value in self.members


@dataclass(frozen=True)
class Compare:
    compare: Callable[[Any, Any], Any]
    """`operator.gt` or `operator.lt`."""
    bound: int

    def sql(self, value: ColumnElement[Any], name: str | None = None) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = self.compare(value, self.bound if name is None else bindparam(name))
        return condition

    def parameters(self, name: str) -> dict[str, Any]:
        return {name: self.bound}

    def matches(self, value: Any) -> bool:
        return value is not None and self.compare(value, self.bound)


@dataclass(frozen=True)
class Between:
    """An open range that SQLite looks up in an index, even if it has only one bound."""

    after: int = MIN_INT64
    before: int = MAX_INT64

    def sql(self, value: ColumnElement[Any], name: str | None = None) -> ColumnElement[bool]:
        if name is None:
            return bounded_range(value, after=self.after, before=self.before)
        return bounded_range(value, after=bindparam(f"{name}_after"), before=bindparam(f"{name}_before"))

    def parameters(self, name: str) -> dict[str, Any]:
        return {f"{name}_after": self.after, f"{name}_before": self.before}

    def matches(self, value: Any) -> bool:
        return value is not None and self.after < value < self.before


@dataclass(frozen=True)
class AllOf:
    operators: tuple[Operator, ...]

    def sql(self, value: ColumnElement[Any], name: str | None = None) -> ColumnElement[bool]:
        return and_(*(operator.sql(value, part) for part, operator in self._parts(name)))

    def parameters(self, name: str) -> dict[str, Any]:
        return dict(chain.from_iterable(operator.parameters(str(part)).items() for part, operator in self._parts(name)))

    def _parts(self, name: str | None) -> Iterator[tuple[str | None, Operator]]:
        for number, operator in enumerate(self.operators):
            yield None if name is None else f"{name}_{number}", operator

    def matches(self, value: Any) -> bool:
        return all(operator.matches(value) for operator in self.operators)


@dataclass(frozen=True)
class HasPrefix:
    """Leading segments of a path; no segments match every path."""

    segments: tuple[str, ...]

    def sql(self, value: ColumnElement[Any], name: str | None = None) -> ColumnElement[bool]:
        # Stored paths are canonical JSON: text that is equal up to the closing quote of a segment has equal segments.
        prefix = literal(self._prefix) if name is None else bindparam(name, type_=Text)
        return func.substr(type_coerce(value, Text), 1, func.length(prefix)) == prefix

    def parameters(self, name: str) -> dict[str, Any]:
        return {name: self._prefix}

    @property
    def _prefix(self) -> str:
        return json.dumps(self.segments)[:-1]

    def matches(self, value: Any) -> bool:
        return value is not None and tuple(value[: len(self.segments)]) == self.segments


# ---- properties ----

Test: TypeAlias = Callable[[Session, Instant], bool]
"""A predicate in memory."""

ColumnLookup: TypeAlias = Callable[[str], ColumnElement[Any]]
"""Returns the column that holds a property of ended sessions."""

_ENDED_COLUMN_NAMES: Final = {"last_seen_at": "final_seen_at"}
"""Columns that change with every keepalive and therefore are not indexed, with their indexed copies."""
_LOW_SELECTIVITY: Final = frozenset({"project_id", "started_at"})


def ended_column(name: str, table: Table = session) -> ColumnElement[Any]:
    return table.c[_ENDED_COLUMN_NAMES.get(name, name)]


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
    def live_sql(self, operator: Operator, now: SqlInstant) -> ColumnElement[bool]:
        """Condition on the row of a live session."""

    def sql(self, operator: Operator, now: SqlInstant) -> ColumnElement[bool]:
        """Condition on the row of any session."""
        return or_(
            and_(session_rules.is_ended_sql(indexed=False), self.ended_sql(operator)),
            and_(session_rules.is_live_sql(), self.live_sql(operator, now)),
        )

    def test(self, operator: Operator) -> Test:
        """Return the predicate in memory. Live queries call it for each change, so it has as few calls as possible."""
        return lambda s, now: operator.matches(self.value(s, now))


@dataclass(frozen=True)
class ColumnField(FilterField):
    """The value of a column."""

    name: str

    def value(self, s: Session, now: Instant) -> Any:  # noqa: ARG002 - independent of time
        return getattr(s, self.name)

    def test(self, operator: Operator) -> Test:
        get, matches = attrgetter(self.name), operator.matches
        if isinstance(operator, In):
            members = operator.members
            return lambda s, _: get(s) in members
        return lambda s, _: matches(get(s))

    def ended_sql(self, operator: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        return operator.sql(columns(self.name))

    def live_sql(self, operator: Operator, now: SqlInstant) -> ColumnElement[bool]:  # noqa: ARG002 - independent of time
        column = session.c[self.name]
        # Not by the index on project_id: a project has far more ended sessions than there are live ones in all.
        return operator.sql(no_index(column) if self.name == "project_id" else column)

    def sql(self, operator: Operator, now: SqlInstant) -> ColumnElement[bool]:  # noqa: ARG002 - independent of time
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

    def live_sql(self, operator: Operator, now: SqlInstant) -> ColumnElement[bool]:
        return and_(session_rules.is_expired_sql(now), operator.sql(session.c[self.expired_column]))


@dataclass(frozen=True, eq=False)
class ComputedField(FilterField):
    """A property that follows from the row and the clock, with few values: SQL lists those that match."""

    value_of: Callable[[Session, Instant], Any]
    ended_value: Any
    """The value of every ended session."""
    live_values: Mapping[Any, Callable[[SqlInstant], ColumnElement[bool]]]
    """The conditions of the values that a live row can have."""

    def value(self, s: Session, now: Instant) -> Any:
        return self.value_of(s, now)

    def test(self, operator: Operator) -> Test:
        value_of = self.value_of
        # A tuple compares by identity first: to hash an enum's member takes longer than all the rest.
        members = tuple(value for value in (self.ended_value, *self.live_values) if operator.matches(value))
        return lambda s, now: value_of(s, now) in members

    def ended_sql(self, operator: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:  # noqa: ARG002 - constant
        return true() if operator.matches(self.ended_value) else false()

    def live_sql(self, operator: Operator, now: SqlInstant) -> ColumnElement[bool]:
        return or_(false(), *(sql(now) for value, sql in self.live_values.items() if operator.matches(value)))


class TracksField(FilterField):
    """The tracks of an AGENDA session, of which one has to match."""

    def value(self, s: Session, now: Instant) -> Any:  # noqa: ARG002 - independent of time
        return s.details.get("schedule_tracks", ())

    def test(self, operator: Operator) -> Test:
        return lambda s, now: any(map(operator.matches, self.value(s, now)))

    def ended_sql(self, operator: Operator, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        return columns("id").in_(select(session_track.c.session_id).where(operator.sql(session_track.c.track)))

    def live_sql(self, operator: Operator, now: SqlInstant) -> ColumnElement[bool]:  # noqa: ARG002 - independent of time
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


@dataclass(frozen=True, slots=True)
class Predicate:
    field: FilterField
    operator: Operator

    def test(self) -> Test:
        return self.field.test(self.operator)
