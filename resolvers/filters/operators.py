"""What a filter asks of a value, in SQL and in Python. A value that is null passes none of them."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Text, and_, func, type_coerce

from models import json
from models.dialect import FIRST, LAST, narrow


class Operator(Protocol):
    """One question about a value."""

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        """The condition that the value of a row passes."""

    def holds(self, value: Any) -> bool:
        """Whether this value passes."""


@dataclass(frozen=True)
class OneOf:
    """It is one of these; texts compare exactly."""

    values: tuple[Any, ...]
    _known: frozenset[Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_known", frozenset(self.values))

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value.in_(self.values)

    def holds(self, value: Any) -> bool:
        return value in self._known


@dataclass(frozen=True)
class Is:
    """It is true, or it is false."""

    wanted: bool

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value.is_(self.wanted)

    def holds(self, value: Any) -> bool:
        return value is self.wanted


@dataclass(frozen=True)
class Later:
    """It is later, never equal."""

    than: int

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value > self.than

    def holds(self, value: Any) -> bool:
        return value is not None and value > self.than


@dataclass(frozen=True)
class Earlier:
    """It is earlier, never equal."""

    than: int

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return value < self.than

    def holds(self, value: Any) -> bool:
        return value is not None and value < self.than


@dataclass(frozen=True)
class Between:
    """It is between two times, equal to neither: few are, so that an index of its own is worth a search."""

    after: int = FIRST
    before: int = LAST

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return narrow(value, after=self.after, before=self.before)

    def holds(self, value: Any) -> bool:
        return value is not None and self.after < value < self.before


@dataclass(frozen=True)
class Each:
    """Several questions about one value: it passes all of them."""

    operators: tuple[Operator, ...]

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(*(operator.sql(value) for operator in self.operators))

    def holds(self, value: Any) -> bool:
        return all(operator.holds(value) for operator in self.operators)


@dataclass(frozen=True)
class BeginsWith:
    """It is a path that begins with these segments. Every path begins with none."""

    segments: tuple[str, ...]

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        # Stored paths are canonical JSON: what begins alike up to a segment's closing quote has the same segments.
        begun = json.dumps(self.segments)[:-1]
        return func.substr(type_coerce(value, Text), 1, len(begun)) == begun

    def holds(self, value: Any) -> bool:
        return value is not None and tuple(value[: len(self.segments)]) == self.segments
