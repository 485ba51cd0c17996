"""Comparison operators, in SQL and in Python. Null satisfies none of them."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Text, and_, func, type_coerce

from models import json
from models.dialect import MAX_INT64, MIN_INT64, bounded_range


class Operator(Protocol):
    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]: ...

    def matches(self, value: Any) -> bool: ...


@dataclass(frozen=True)
class In:
    """Membership; text is compared exactly."""

    values: tuple[Any, ...]
    _members: frozenset[Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_members", frozenset(self.values))

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value.in_(self.values)

    def matches(self, value: Any) -> bool:
        return value in self._members


@dataclass(frozen=True)
class Equals:
    expected: bool

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value.is_(self.expected)

    def matches(self, value: Any) -> bool:
        return value is self.expected


@dataclass(frozen=True)
class GreaterThan:
    bound: int

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value > self.bound

    def matches(self, value: Any) -> bool:
        return value is not None and value > self.bound


@dataclass(frozen=True)
class LessThan:
    bound: int

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value < self.bound

    def matches(self, value: Any) -> bool:
        return value is not None and value < self.bound


@dataclass(frozen=True)
class Between:
    """An open range that SQLite looks up in an index, even if it has only one bound."""

    after: int = MIN_INT64
    before: int = MAX_INT64

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return bounded_range(value, after=self.after, before=self.before)

    def matches(self, value: Any) -> bool:
        return value is not None and self.after < value < self.before


@dataclass(frozen=True)
class AllOf:
    operators: tuple[Operator, ...]

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(*(operator.sql(value) for operator in self.operators))

    def matches(self, value: Any) -> bool:
        return all(operator.matches(value) for operator in self.operators)


@dataclass(frozen=True)
class HasPrefix:
    """Leading segments of a path; no segments match every path."""

    segments: tuple[str, ...]

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        # Stored paths are canonical JSON: text that is equal up to the closing quote of a segment has equal segments.
        prefix = json.dumps(self.segments)[:-1]
        return func.substr(type_coerce(value, Text), 1, len(prefix)) == prefix

    def matches(self, value: Any) -> bool:
        return value is not None and tuple(value[: len(self.segments)]) == self.segments
