"""What a filter asks of a value, in SQL and in Python. A value that is null passes none of them."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Text, and_, func, type_coerce

from models import json
from models.dialect import MAX_INT64, MIN_INT64, bounded_range


class Operator(Protocol):
    """One question about a value."""

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        """The condition that the value of a row passes."""

    def matches(self, value: Any) -> bool:
        """Whether this value passes."""


@dataclass(frozen=True)
class In:
    """It is one of these; texts compare exactly."""

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
    """It is true, or it is false."""

    expected: bool

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value.is_(self.expected)

    def matches(self, value: Any) -> bool:
        return value is self.expected


@dataclass(frozen=True)
class GreaterThan:
    """It is later, never equal."""

    bound: int

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value > self.bound

    def matches(self, value: Any) -> bool:
        return value is not None and value > self.bound


@dataclass(frozen=True)
class LessThan:
    """It is earlier, never equal."""

    bound: int

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value < self.bound

    def matches(self, value: Any) -> bool:
        return value is not None and value < self.bound


@dataclass(frozen=True)
class Between:
    """It is between two times, equal to neither: few are, so that an index of its own is worth a search."""

    after: int = MIN_INT64
    before: int = MAX_INT64

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return bounded_range(value, after=self.after, before=self.before)

    def matches(self, value: Any) -> bool:
        return value is not None and self.after < value < self.before


@dataclass(frozen=True)
class AllOf:
    """Several questions about one value: it passes all of them."""

    operators: tuple[Operator, ...]

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(*(operator.sql(value) for operator in self.operators))

    def matches(self, value: Any) -> bool:
        return all(operator.matches(value) for operator in self.operators)


@dataclass(frozen=True)
class HasPrefix:
    """It is a path that begins with these segments. Every path begins with none."""

    segments: tuple[str, ...]

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        # Stored paths are canonical JSON: what begins alike up to a segment's closing quote has the same segments.
        prefix = json.dumps(self.segments)[:-1]
        return func.substr(type_coerce(value, Text), 1, len(prefix)) == prefix

    def matches(self, value: Any) -> bool:
        return value is not None and tuple(value[: len(self.segments)]) == self.segments
