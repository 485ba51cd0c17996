"""Sorted lists as statements with parameters, each built once.

A page deep in a list costs as much as the first one, and rows that are added or deleted do not shift later pages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final, Generic, NamedTuple, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)

from models.bounded_cache import BoundedCache
from models.clock import Instant
from models.database import Statement

P = ParamSpec("P")
T = TypeVar("T")

MAX_LISTS: Final = 32
"""Lists of one kind that are kept, by the shapes of their filters and orders, which clients choose."""
MAX_STATEMENTS: Final = 32
"""Statements that a list keeps. Each takes up to 40 KB, so those of all lists of a kind are at most 40 MB."""

Columns: TypeAlias = frozenset[str] | None
"""Names of the columns that rows have; None for all."""


@dataclass(frozen=True, slots=True)
class SortKey(Generic[T]):
    """A sort criterion, in SQL and of a row; never null."""

    column: ColumnElement[Any]
    value_of: Callable[[T, Instant], int | float | str]
    """Returns the value of a row at the moment at which the list was read."""
    reads: frozenset[str]
    """Columns that `value_of` reads."""
    type: type[int] | type[float] | type[str]
    descending: bool = False

    def value_at(self, now: Instant, row: T) -> int | float | str:
        return self.value_of(row, now)


@dataclass(frozen=True, eq=False)
class SortedList(Generic[T]):
    """A sorted list, as statements that are each built once. Its last key is unique.

    Values of a request are parameters in a list that is kept for others; one built per call may have them as constants.

    Where no single index has all rows in the order of the list, `segments` divide it into parts that are each read in
    order, or are small; they select their sort values, one column for each key, and are merged. `rows` then has no
    conditions: the rows of a page are looked up in it by the last key.
    """

    rows: Select[Any]
    row_class: type[T]
    keys: Sequence[SortKey[T]]
    segments: Sequence[Select[Any]] = ()
    count: Select[Any] | None = None
    """Replaces the default, which counts `rows`."""
    _statements: BoundedCache[Any, Statement[Any]] = field(default_factory=lambda: BoundedCache(MAX_STATEMENTS))

    @cached_property
    def sort_columns(self) -> frozenset[str]:
        """The columns that cursors are made of."""
        return frozenset().union(*(key.reads for key in self.keys))

    @property
    def sort_values(self) -> Sequence[Select[Any]]:
        """Statements for the sort values of all rows."""
        columns = (key.column for key in self.keys)
        return self.segments or [self.rows.with_only_columns(*columns, maintain_column_froms=True)]

    def page(self, shape: "PageShape", columns: Columns) -> Statement[T]:
        """Return the statement for the rows of a page, in reading direction."""
        return self._statements.get((shape, columns), lambda: self._page(shape, columns))

    def _page(self, shape: "PageShape", columns: Columns) -> Statement[T]:
        rows = self.rows if columns is None else self._select(columns)
        keys = [key.column for key in self.keys]
        order = _order_by(self.keys, keys, forwards=not shape.backwards)
        if self.segments:
            rows = rows.where(keys[-1].in_(page_ids(self, shape))).order_by(*order)
        else:
            rows = rows.where(*_between(self.keys, keys, shape)).order_by(*order).limit(_LIMIT).offset(_OFFSET)
        return Statement(rows, self.row_class)

    def _select(self, columns: frozenset[str]) -> Select[Any]:
        chosen = [column for column in self.rows.selected_columns if column.key in columns]
        # Rows without any column could not be counted.
        return self.rows.with_only_columns(*chosen or [self.keys[-1].column], maintain_column_froms=True)

    def exists_beyond(self, cursor: str) -> Sequence[Statement[Any]]:
        """Return statements that find rows outside the page: up to the cursor for `after`, from it on for `before`."""
        return [
            self._statements.get((cursor, part), partial(_statement, self._exists_beyond, values, cursor))
            for part, values in enumerate(self.sort_values)
        ]

    def _exists_beyond(self, values: Select[Any], cursor: str) -> Select[Any]:
        forwards = cursor == "before"
        columns = list(values.selected_columns)
        at_or_beyond = _beyond(
            self.keys, columns, _cursor_parameters(cursor, self.keys), forwards=forwards, inclusive=True
        )
        rows = values.where(at_or_beyond)
        # Sorted, so that the search starts at the cursor.
        return _exists(rows.order_by(*_order_by(self.keys, columns, forwards=forwards)))

    def exists(self) -> Sequence[Statement[Any]]:
        """Return statements that find any row."""
        return [
            self._statements.get(("any", part), partial(_statement, _exists, values))
            for part, values in enumerate(self.sort_values)
        ]

    def total(self) -> Statement[Any]:
        """Return the statement that counts all rows."""
        return self._statements.get("total", partial(_statement, self._total))

    def _total(self) -> Select[Any]:
        if self.count is not None:
            return self.count
        return self.rows.with_only_columns(func.count(), maintain_column_froms=True)


def _statement(build: Callable[P, Select[Any]], *args: P.args, **kwargs: P.kwargs) -> Statement[Any]:
    return Statement(build(*args, **kwargs))


class PageShape(NamedTuple):
    """What the statement of a page depends on, besides its list."""

    backwards: bool = False
    after: bool = False
    before: bool = False


_LIMIT: Final = bindparam("limit", type_=Integer)
_OFFSET: Final = bindparam("offset", type_=Integer)


def page_ids(source: SortedList[Any], shape: PageShape) -> Select[Any]:
    """Select the last sort values of the rows of a page."""
    # SQLite merges the sorted segments: it reads no more of each than the page takes.
    parts = [
        values.where(*_between(source.keys, list(values.selected_columns), shape)) for values in source.sort_values
    ]
    merged = union_all(*parts)
    order = _order_by(source.keys, list(merged.selected_columns), forwards=not shape.backwards)
    page = merged.order_by(*order).limit(_LIMIT).offset(_OFFSET).subquery()
    return select(page.c[len(source.keys) - 1])


def _cursor_parameters(cursor: str, keys: Sequence[SortKey[Any]]) -> list[BindParameter[Any]]:
    return [bindparam(f"{cursor}_{number}") for number in range(len(keys))]


def _between(
    keys: Sequence[SortKey[Any]], columns: Sequence[ColumnElement[Any]], shape: PageShape
) -> list[ColumnElement[bool]]:
    return [
        _beyond(keys, columns, _cursor_parameters(cursor, keys), forwards=forwards, inclusive=False)
        for cursor, is_set, forwards in (("after", shape.after, True), ("before", shape.before, False))
        if is_set
    ]


def _order_by(
    keys: Sequence[SortKey[Any]], columns: Sequence[ColumnElement[Any]], *, forwards: bool
) -> list[ColumnElement[Any]]:
    return [
        column.asc() if key.descending != forwards else column.desc() for key, column in zip(keys, columns, strict=True)
    ]


def _beyond(
    keys: Sequence[SortKey[Any]],
    columns: Sequence[ColumnElement[Any]],
    values: Sequence[BindParameter[Any]],
    *,
    forwards: bool,
    inclusive: bool,
) -> ColumnElement[bool]:
    """Condition of the rows after (`forwards`) or before a cursor."""
    (key, *other_keys), (column, *other_columns), (value, *other_values) = keys, columns, values
    ascending = key.descending != forwards
    at_or_beyond = column >= value if ascending else column <= value
    beyond = column > value if ascending else column < value
    if not other_keys:
        return at_or_beyond if inclusive else beyond
    rest = _beyond(other_keys, other_columns, other_values, forwards=forwards, inclusive=inclusive)
    # `at_or_beyond` is redundant, but the only part that an index can serve.
    return and_(at_or_beyond, or_(beyond, rest))


def _exists(rows: Select[Any]) -> Select[Any]:
    return rows.limit(1)
