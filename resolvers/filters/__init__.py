"""Filters of sessions: one definition that answers in SQL and of a row in memory, always the same.

Filters are ANDed; values inside one list are ORed; an empty list matches nothing, what is null is not given.
Naming a kind's filter asks for that kind, and two kinds' filters together are ORed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final, Self, TypeAlias

from sqlalchemy import ColumnElement, False_, and_, or_, true

from models.clock import Instant
from models.tables import activity
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.filters.fields import ColumnField, ColumnLookup, FilterField, ended_column
from resolvers.filters.normalize import normalize
from resolvers.filters.operators import AllOf, In, Operator
from resolvers.filters.registry import COMMON_FILTERS, KIND_FILTERS, FilterSpecs
from resolvers.pagination import cursors

_ACTIVITY_COLUMNS: Final = {"id": activity.c.session_id, "kind": activity.c.kind, "project_id": activity.c.project_id}
"""What an activity itself says of its session."""
_ID: Final = ColumnField("id")
_GUIDE: Final = ColumnField("guide")


@dataclass(frozen=True, slots=True)
class Predicate:
    """One question about one thing."""

    field: FilterField
    operator: Operator


ImmutablePredicates: TypeAlias = tuple[tuple[str, Operator], ...]
"""What is asked of that which never changes of a session, with the names of the columns."""


@dataclass(frozen=True)
class Filter:
    """A filter that was given. `Filter.parse(None)` matches everything."""

    field_names: frozenset[str]
    """What it names, as `SessionFilter` does, in snake case."""
    fingerprint: str
    """Equal for filters that say the same, whatever the order of their names and values."""
    predicates: tuple[Predicate, ...]
    """All of these hold."""
    kind_groups: tuple[tuple[Predicate, ...], ...]
    """Of these groups one holds, where there are any."""

    @classmethod
    def parse(cls, client_filter: Mapping[str, Any] | None) -> Self:
        """The filter that a client gives, by the names of `SessionFilter` in snake case.

        Raises:
            BadUserInput: a list has more than 500 values, or a value is none that can be stored.
        """
        values = normalize(client_filter or {})
        return cls(
            field_names=frozenset(values),
            fingerprint=cursors.fingerprint(values),
            predicates=tuple(_parse_predicates(COMMON_FILTERS, values)),
            kind_groups=tuple(
                (Predicate(ColumnField("kind"), In((kind.value,))), *_parse_predicates(names, values[group]))
                for group, (kind, names) in KIND_FILTERS.items()
                if group in values
            ),
        )

    def sql(self, now: Instant) -> ColumnElement[bool]:
        """The condition that a row of the session table matches."""
        return self._combine(lambda test: test.field.sql(test.operator, now))

    def ended_sql(self, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        """The same of a row whose end is written down: in words that indexes answer without the row.

        It may be asked of other columns that hold what the `past_columns` do.
        """
        return self._combine(lambda test: test.field.ended_sql(test.operator, columns))

    @cached_property
    def ended_columns(self) -> frozenset[str]:
        """The columns of a session whose end is written down that it asks of."""
        return frozenset().union(*(test.field.ended_columns for test in chain(self.predicates, *self.kind_groups)))

    def live_sql(self, now: Instant) -> ColumnElement[bool]:
        """The same of any other row."""
        return self._combine(lambda test: test.field.live_sql(test.operator, now))

    def matches(self, s: Session, now: Instant) -> bool:
        """Whether a session matches."""
        return _matches(self.predicates, s, now) and (
            not self.kind_groups or any(_matches(group, s, now) for group in self.kind_groups)
        )

    @cached_property
    def excludes_ended(self) -> bool:
        """Whether no session whose end is written down can match."""
        alike = (test for test in self.predicates if not test.field.ended_columns)
        return any(isinstance(test.field.ended_sql(test.operator), False_) for test in alike)

    def _combine(self, to_sql: Callable[[Predicate], ColumnElement[bool]]) -> ColumnElement[bool]:
        groups = [and_(true(), *map(to_sql, group)) for group in self.kind_groups]
        return and_(true(), *map(to_sql, self.predicates), or_(*groups) if groups else true())

    @cached_property
    def answerable_from_log(self) -> bool:
        """Whether the log alone can say what matches, without the session, which may be gone."""
        return not self.kind_groups and len(_immutable_predicates(self.predicates)) == len(self.predicates)

    @property
    def guides_only(self) -> bool:
        """Whether only items of guides that it names can match."""
        return len(self.kind_groups) == 1 and any(test.field == _GUIDE for test in self.kind_groups[0])

    @property
    def ids(self) -> frozenset[str] | None:
        """The only sessions that can match, where it names ids."""
        named = [
            test.operator.values for test in self.predicates if test.field == _ID and isinstance(test.operator, In)
        ]
        return frozenset(named[0]) if named else None

    def activity_condition(self) -> ColumnElement[bool] | None:
        """The condition on the log alone, without the session; null where that can't be said."""
        return self.could_match_sql() if self.answerable_from_log else None

    def could_match(self, entry: Activity) -> bool:
        """Whether the session of an entry of the log can match, ever: by its id, kind and project, which stay."""
        every, groups = self._immutable
        return _could_match(every, entry) and (not groups or any(_could_match(group, entry) for group in groups))

    def could_match_sql(self) -> ColumnElement[bool]:
        """The same as a condition on a row of the log."""
        every, groups = self._immutable
        return and_(_could_match_sql(every), or_(*map(_could_match_sql, groups)) if groups else true())

    @cached_property
    def _immutable(self) -> tuple[ImmutablePredicates, tuple[ImmutablePredicates, ...]]:
        return _immutable_predicates(self.predicates), tuple(map(_immutable_predicates, self.kind_groups))


def _parse_predicates(specs: FilterSpecs, values: Mapping[str, Any]) -> list[Predicate]:
    if unknown := values.keys() - specs.keys() - KIND_FILTERS.keys():
        raise KeyError(f"no such filters: {sorted(unknown)}")
    by_field: dict[FilterField, list[Operator]] = {}
    for name, spec in specs.items():
        if name in values:
            by_field.setdefault(spec.field, []).append(spec.operator(values[name]))
    # What is asked of one thing is asked of it together, so that two bounds make one range.
    predicates = [
        Predicate(term, one if not others else AllOf((one, *others))) for term, (one, *others) in by_field.items()
    ]
    # Columns first: in memory, most sessions fail there, and what follows from the clock need not be worked out.
    return sorted(predicates, key=lambda test: not isinstance(test.field, ColumnField))


def _immutable_predicates(predicates: Sequence[Predicate]) -> ImmutablePredicates:
    return tuple(
        (test.field.name, test.operator)
        for test in predicates
        if isinstance(test.field, ColumnField) and test.field.name in _ACTIVITY_COLUMNS
    )


def _could_match(predicates: ImmutablePredicates, entry: Activity) -> bool:
    return all(operator.matches(getattr(entry, _ACTIVITY_COLUMNS[name].key)) for name, operator in predicates)


def _could_match_sql(predicates: ImmutablePredicates) -> ColumnElement[bool]:
    return and_(true(), *(operator.sql(_ACTIVITY_COLUMNS[name]) for name, operator in predicates))


def _matches(predicates: Sequence[Predicate], s: Session, now: Instant) -> bool:
    return all(test.field.matches(test.operator, s, now) for test in predicates)
