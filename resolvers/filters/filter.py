"""Filters of sessions, which select the same sessions in SQL and in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from itertools import chain
from typing import Any, Final, Self, TypeAlias

from pydantic.alias_generators import to_camel
from sqlalchemy import Column, ColumnElement, False_, and_, bindparam, or_, true
from sqlalchemy.sql.visitors import iterate

from models import json
from models.bounded_cache import BoundedCache
from models.clock import Instant
from models.problems import Problem
from models.session_rules import SqlInstant
from models.tables import activity, session
from models.tables.rows import Activity, Session
from resolvers.access import Caller
from resolvers.errors import BadUserInput
from resolvers.filters.predicates import (
    AllOf,
    ColumnField,
    ColumnLookup,
    ComputedField,
    FilterField,
    In,
    Operator,
    Parameterized,
    Predicate,
    Test,
    ended_column,
)
from resolvers.filters.registry import COMMON_FILTERS, KIND_FILTERS, FilterSpecs
from resolvers.pagination import cursors

MAX_VALUES: Final = 500
MAX_CACHED_BYTES: Final = 1024
_INT64_END: Final = 2**63

_ACTIVITY_COLUMNS: Final = {"id": activity.c.session_id, "kind": activity.c.kind, "project_id": activity.c.project_id}
"""Properties of a session that never change and are repeated in its activities."""
_ID: Final = ColumnField("id")
_GUIDE: Final = ColumnField("guide")


def project_condition(caller: Caller, project_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Restrict rows to the caller's projects: the first WHERE of every statement.

    Where rows are read by id, pass `no_index(project_id)`: SQLite would read the whole project for a handful of ids.
    """
    return true() if caller.project_ids is None else project_id.in_(sorted(caller.project_ids))


def in_scope(project_id: ColumnElement[Any], *, scoped: bool) -> ColumnElement[bool]:
    """Like `project_condition`, with the projects as a parameter: see `scope_values`."""
    return project_id.in_(bindparam("scope", expanding=True)) if scoped else true()


def scope_values(caller: Caller) -> dict[str, Any]:
    """Return the parameter of `in_scope`; none for a caller of all projects."""
    return {} if caller.project_ids is None else {"scope": sorted(caller.project_ids)}


Predicates: TypeAlias = tuple[Predicate, ...]
LogConditions: TypeAlias = list[tuple[Column[Any], Operator]]
"""Conditions on columns of the activity table."""


@dataclass(frozen=True)
class Filter:
    """A conjunction of predicates, and of a disjunction of groups if it names kinds."""

    canonical: bytes
    """Equal for equal filters, regardless of the order of fields and values."""
    shape: str
    """Equal for filters whose conditions differ in nothing but the values of `parameters`."""
    predicates: Predicates = field(compare=False)
    kind_groups: tuple[Predicates, ...] = field(compare=False)

    @classmethod
    def parse(cls, client_filter: Mapping[str, Any] | None) -> Self:
        """Parse the fields of `SessionFilter`, in snake case. None, or no fields, match everything.

        Fields are ANDed, the values of a list ORed: an empty list matches nothing. A kind's filter restricts to that
        kind; the filters of several kinds are ORed. Null is the same as no value.

        Raises:
            BadUserInput: a list has more than 500 values, or a value cannot be stored.
        """
        try:
            key = json.canonical(client_filter or {})
        except TypeError:  # a value that cannot be stored
            key = b""
        if not 0 < len(key) <= MAX_CACHED_BYTES:
            return cls._parse(client_filter or {})
        found = _parsed.get(key, lambda: cls._parse(client_filter or {}))
        assert isinstance(found, cls)
        return found

    @classmethod
    def _parse(cls, client_filter: Mapping[str, Any]) -> Self:
        if (problem := next(filter_problems(client_filter, "filter"), None)) is not None:
            raise BadUserInput(problem.message, problem.path)
        values = _normalize(client_filter)
        return cls(
            predicates=_parse_predicates(COMMON_FILTERS, values),
            kind_groups=tuple(
                (Predicate(ColumnField("kind"), In((kind.upper(),))), *_parse_predicates(specs, values[kind]))
                for kind, specs in KIND_FILTERS.items()
                if kind in values
            ),
            canonical=json.canonical([values]),
            shape=_shape(COMMON_FILTERS, values),
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of `canonical`, for cursors."""
        return cursors.hashed(self.canonical)

    def parameterized(self) -> "Filter":
        """Return the same filter, whose conditions have `parameters` in the place of values."""
        groups = tuple(_parameterized(group, f"g{number}_") for number, group in enumerate(self.kind_groups))
        return replace(self, predicates=_parameterized(self.predicates, "f"), kind_groups=groups)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The values of the parameters of the conditions."""
        values = _parameters(self.predicates, "f")
        for number, group in enumerate(self.kind_groups):
            values |= _parameters(group, f"g{number}_")
        return values

    def sql(self, now: SqlInstant) -> ColumnElement[bool]:
        """Condition on a row of the session table."""
        return self._combine(lambda predicate: predicate.field.sql(predicate.operator, now))

    def ended_sql(self, columns: ColumnLookup = ended_column) -> ColumnElement[bool]:
        """Condition on the row of an ended session, or on other columns that repeat its `ended_columns`."""
        return self._combine(lambda predicate: predicate.field.ended_sql(predicate.operator, columns))

    def live_sql(self, now: SqlInstant) -> ColumnElement[bool]:
        """Condition on the row of a live session."""
        return self._combine(lambda predicate: predicate.field.live_sql(predicate.operator, now))

    @cached_property
    def ended_columns(self) -> frozenset[str]:
        """The columns of the session table that `ended_sql` reads."""
        # One by one: a conjunction with a condition that is false drops the others, and their columns.
        conditions = (one.field.ended_sql(one.operator) for one in chain(self.predicates, *self.kind_groups))
        parts = chain.from_iterable(map(iterate, conditions))
        return frozenset(part.name for part in parts if isinstance(part, Column) and part.table is session)

    @cached_property
    def excludes_ended(self) -> bool:
        """Whether no ended session can match."""
        return any(isinstance(one.field.ended_sql(one.operator), False_) for one in self.predicates)

    def matches(self, s: Session, now: Instant) -> bool:
        tests, groups = self._tests
        for test in tests:
            if not test(s, now):
                return False
        return not groups or any(all(test(s, now) for test in group) for group in groups)

    @cached_property
    def _tests(self) -> tuple[list[Test], list[list[Test]]]:
        predicates, groups = self.predicates, self.kind_groups
        if len(groups) == 1:
            predicates, groups = _columns_first((*predicates, *groups[0])), ()
        return [one.test() for one in predicates], [[one.test() for one in group] for group in groups]

    @property
    def guides_only(self) -> bool:
        """Whether only agenda items of named guides can match."""
        return len(self.kind_groups) == 1 and any(predicate.field == _GUIDE for predicate in self.kind_groups[0])

    @property
    def ids(self) -> frozenset[str] | None:
        """The only sessions that can match; None if the filter names no ids."""
        named = [one.operator.values for one in self.predicates if one.field == _ID and isinstance(one.operator, In)]
        return frozenset(named[0]) if named else None

    @property
    def named_values(self) -> dict[str, frozenset[Any]]:
        """By column, values of which every matching session has one."""
        groups = self.kind_groups if len(self.kind_groups) == 1 else ()
        return {
            one.field.name: one.operator.members
            for one in chain(self.predicates, *groups)
            if isinstance(one.field, ColumnField) and isinstance(one.operator, In)
        }

    @property
    def names_ids(self) -> bool:
        return any(one.field == _ID for one in self.predicates)

    @cached_property
    def answerable_from_log(self) -> bool:
        """Whether an activity alone shows if its session matches, even if the session was deleted."""
        return not self.kind_groups and len(_immutable(self.predicates)) == len(self.predicates)

    def could_match(self, entry: Activity) -> bool:
        """Return whether an activity's session can match at any time, by its id, kind and project."""
        predicates, groups = self._log_conditions

        def matches(group: LogConditions) -> bool:
            return all(operator.matches(getattr(entry, column.key)) for column, operator in group)

        return matches(predicates) and (not groups or any(map(matches, groups)))

    def could_match_sql(self) -> ColumnElement[bool]:
        """Like `could_match`, as a condition on the activity table."""
        predicates, groups = self._log_conditions

        def condition(group: LogConditions) -> ColumnElement[bool]:
            return and_(true(), *(operator.sql(column) for column, operator in group))

        return and_(condition(predicates), or_(*map(condition, groups)) if groups else true())

    @cached_property
    def _log_conditions(self) -> tuple[LogConditions, list[LogConditions]]:
        return _immutable(self.predicates), list(map(_immutable, self.kind_groups))

    def _combine(self, to_sql: Callable[[Predicate], ColumnElement[bool]]) -> ColumnElement[bool]:
        groups = [and_(true(), *map(to_sql, group)) for group in self.kind_groups]
        return and_(true(), *map(to_sql, self.predicates), or_(*groups) if groups else true())


_parsed: Final = BoundedCache[bytes, Filter](512)
"""Filters by the JSON that clients sent: dashboards ask the same again and again."""


def _shape(specs: FilterSpecs, values: Mapping[str, Any]) -> str:
    """Return the names of the fields, with the values of those whose conditions depend on them."""
    parts = []
    for name, value in values.items():
        if name in KIND_FILTERS and isinstance(value, Mapping):
            parts.append(f"{name}({_shape(KIND_FILTERS[name], value)})")
        else:
            parts.append(f"{name}={value}" if isinstance(specs[name][0], ComputedField) else name)
    return " ".join(parts)


def _parameterized(predicates: Predicates, prefix: str) -> Predicates:
    return tuple(
        Predicate(one.field, Parameterized(one.operator, f"{prefix}{number}")) for number, one in enumerate(predicates)
    )


def _parameters(predicates: Predicates, prefix: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for number, one in enumerate(predicates):
        if not isinstance(one.field, ComputedField):
            values |= one.operator.parameters(f"{prefix}{number}")
    return values


def _immutable(predicates: Predicates) -> LogConditions:
    """Return the predicates on immutable properties."""
    return [
        (_ACTIVITY_COLUMNS[one.field.name], one.operator)
        for one in predicates
        if isinstance(one.field, ColumnField) and one.field.name in _ACTIVITY_COLUMNS
    ]


def _parse_predicates(specs: FilterSpecs, values: Mapping[str, Any]) -> Predicates:
    if unknown := values.keys() - specs.keys() - KIND_FILTERS.keys():
        raise KeyError(f"no such filters: {sorted(unknown)}")
    by_field: dict[FilterField, list[Operator]] = {}
    for name, (filter_field, operator) in specs.items():
        if name in values:
            by_field.setdefault(filter_field, []).append(operator(values[name]))
    # One predicate for each field, so that two bounds of it make one range.
    predicates = [
        Predicate(filter_field, operators[0] if len(operators) == 1 else AllOf(tuple(operators)))
        for filter_field, operators in by_field.items()
    ]
    return _columns_first(predicates)


def _columns_first(predicates: Iterable[Predicate]) -> Predicates:
    """Sort predicates: in memory most sessions fail at a column, before anything is computed from the clock."""
    return tuple(sorted(predicates, key=lambda predicate: not isinstance(predicate.field, ColumnField)))


def _normalize(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace enum members by their names, sort lists whose order has no meaning, and drop null."""
    return {name: _normalize_value(value, name) for name, value in sorted(values.items()) if value is not None}


def _normalize_value(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return _normalize(value)
    if not isinstance(value, list | tuple):
        return _plain(value)
    values = [_plain(item) for item in value]
    return tuple(values if name == "path_prefix" else sorted(set(values)))


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def filter_problems(client_filter: Mapping[str, Any], *path: str) -> Iterator[Problem]:
    """Yield what no filter may have: a list that is too long, or a value that cannot be stored."""
    for name, value in client_filter.items():
        value_path = (*path, to_camel(name))
        if isinstance(value, Mapping):
            yield from filter_problems(value, *value_path)
            continue
        values = value if isinstance(value, list | tuple) else [value]
        if len(values) > MAX_VALUES:
            yield Problem(value_path, f"must have at most {MAX_VALUES} items, not {len(values)}")
        elif (message := next(filter(None, map(_value_problem, values)), None)) is not None:
            yield Problem(value_path, message)


def _value_problem(value: Any) -> str | None:
    plain = _plain(value)
    if isinstance(plain, str) and not plain.isascii() and any("\ud800" <= char <= "\udfff" for char in plain):
        return "must not have a lone surrogate, half a character"
    if isinstance(plain, int) and not -_INT64_END <= plain < _INT64_END:
        return "must be a number of at most 64 bits"
    return None
