"""Pages of sorted lists, located by the sort values of a row.

A page deep in a list costs as much as the first one, and rows that are added or deleted do not shift later pages.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all

from models.database import Database, Transaction
from resolvers.errors import BadUserInput
from resolvers.pagination import cursors
from resolvers.pagination.cursors import CursorValues

T = TypeVar("T")

PageRows: TypeAlias = tuple[list[T], bool, bool]
"""The nodes of a page, whether there are more after them, and before them."""

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 500
MAX_OFFSET: Final = 10_000


@dataclass(frozen=True, slots=True)
class PageArgs:
    """Pagination arguments of a field. The properties expect valid ones."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    offset: int | None = None

    def validate(self) -> None:
        """
        Raises:
            BadUserInput: a size outside 1..500, both sizes, an offset outside 0..10,000 or combined with a cursor.
        """
        if self.first is not None and self.last is not None:
            raise BadUserInput("must not be set with first", ("last",))
        if self.offset is not None and (self.after is not None or self.before is not None):
            raise BadUserInput("must not be set with a cursor", ("offset",))
        check_size("first", self.first)
        check_size("last", self.last)
        check_bounds("offset", self.offset or 0, 0, MAX_OFFSET)

    @property
    def size(self) -> int:
        return self.first or self.last or DEFAULT_SIZE

    @property
    def backwards(self) -> bool:
        """Whether to count from the end of the list: with `last`, or with `before` alone."""
        only_before = self.first is None and self.after is None and self.before is not None
        return self.last is not None or only_before


def check_size(name: str, value: int | None) -> int:
    """Return the size of a list, 50 by default; raise BadUserInput outside 1..500."""
    return check_bounds(name, DEFAULT_SIZE if value is None else value, 1, MAX_SIZE)


def check_bounds(name: str, value: int, minimum: int, maximum: int) -> int:
    """Return the value of an argument; raise BadUserInput if it is out of bounds."""
    if not minimum <= value <= maximum:
        raise BadUserInput(f"must be {minimum} to {maximum}, not {value}", (name,))
    return value


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    cursor: str
    node: T


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A connection. Cursors are encoded, and the whole list is counted, only on demand."""

    nodes: list[T]
    has_next_page: bool
    has_previous_page: bool
    cursor_of: Callable[[T], str]
    total_count: Callable[[], Awaitable[int]]
    """Counts the whole list."""

    @property
    def edges(self) -> list[Edge[T]]:
        return [Edge(self.cursor_of(node), node) for node in self.nodes]

    @property
    def start_cursor(self) -> str | None:
        return self.cursor_of(self.nodes[0]) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        return self.cursor_of(self.nodes[-1]) if self.nodes else None


@dataclass(frozen=True, slots=True)
class SortKey(Generic[T]):
    """A sort criterion, in SQL and of a row; never null."""

    column: ColumnElement[Any]
    value_of: Callable[[T], int | float | str]
    type: type[int] | type[float] | type[str]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class PagedQuery(Generic[T]):
    """A sorted list. Its last key is unique.

    Where no single index has all rows in the order of the list, `segments` divide it into parts that are each read in
    order, or are small; they select their sort values, one column for each key, and are merged. `rows` then has no
    conditions: the rows of a page are looked up in it by the last key.
    """

    list_id: str
    rows: Select[Any]
    from_row: Callable[..., T]
    keys: Sequence[SortKey[T]]
    segments: Sequence[Select[Any]] = ()
    count_statement: Callable[[], Select[Any]] | None = None
    """Replaces the default, which counts `rows`."""

    @property
    def sort_values(self) -> Sequence[Select[Any]]:
        """Statements for the sort values of all rows."""
        columns = (key.column for key in self.keys)
        return self.segments or [self.rows.with_only_columns(*columns, maintain_column_froms=True)]

    def parse_cursor(self, name: str, cursor: str | None) -> CursorValues | None:
        """Return the values of the cursor in argument `name`.

        Raises:
            BadUserInput: it is not a cursor of this list.
        """
        if cursor is None:
            return None
        values = cursors.decode(cursor, self.list_id, [key.type for key in self.keys])
        if values is None:
            raise BadUserInput("is not a cursor of this list, with this filter and this order", (name,))
        return values

    def cursor_of(self, node: T) -> str:
        return cursors.encode(self.list_id, tuple(key.value_of(node) for key in self.keys))


async def read_page(database: Database, query: PagedQuery[T], args: PageArgs) -> Page[T]:
    """Read one page.

    Raises:
        BadUserInput: the arguments are invalid, or a cursor is not of this list.
    """
    args.validate()
    after, before = query.parse_cursor("after", args.after), query.parse_cursor("before", args.before)
    nodes, has_next, has_previous = await database.read(_read, query, args, after, before)
    return Page(nodes, has_next, has_previous, query.cursor_of, partial(database.read_heavy, _count, query))


def _count(tx: Transaction, query: PagedQuery[Any]) -> int:
    if query.count_statement is not None:
        return int(tx.execute(query.count_statement()).scalar_one())
    return int(tx.execute(query.rows.with_only_columns(func.count(), maintain_column_froms=True)).scalar_one())


def sort_nodes(query: PagedQuery[T], nodes: list[T]) -> None:
    """Sort nodes as the list is."""
    for key in reversed(query.keys):
        nodes.sort(key=key.value_of, reverse=key.descending)


def _read(
    tx: Transaction, query: PagedQuery[T], args: PageArgs, after: CursorValues | None, before: CursorValues | None
) -> PageRows[T]:
    rows = tx.execute(_page_statement(query, args, after, before)).all()
    nodes = [query.from_row(*row) for row in rows[: args.size]]
    # The statement selects one row more than the page: it shows whether there are more.
    more = len(rows) > args.size
    # An offset beyond the end skips rows only if the list has any.
    skipped = bool(args.offset) and (bool(rows) or any(_exists(tx, values) for values in query.sort_values))
    before_after = _exists_beyond(tx, query, after, forwards=False)
    after_before = _exists_beyond(tx, query, before, forwards=True)
    if args.backwards:
        return nodes[::-1], skipped or after_before, more or before_after
    return nodes, more or after_before, skipped or before_after


def _page_statement(
    query: PagedQuery[Any], args: PageArgs, after: CursorValues | None, before: CursorValues | None
) -> Select[Any]:
    """Select the rows of a page and one more, in reading direction."""
    keys, limit, offset = query.keys, args.size + 1, args.offset or 0
    columns = [key.column for key in keys]
    order = _order_by(keys, columns, forwards=not args.backwards)
    if not query.segments:
        rows = query.rows.where(*_between(keys, columns, after, before))
        return rows.order_by(*order).limit(limit).offset(offset)
    return query.rows.where(columns[-1].in_(page_ids(query, args, after, before))).order_by(*order)


def page_ids(
    query: PagedQuery[Any], args: PageArgs, after: CursorValues | None = None, before: CursorValues | None = None
) -> Select[Any]:
    """Select the last sort values of the rows of a page and of one more."""
    # SQLite merges the sorted segments: it reads no more of each than the page takes.
    parts = [
        values.where(*_between(query.keys, list(values.selected_columns), after, before))
        for values in query.sort_values
    ]
    merged = union_all(*parts)
    order = _order_by(query.keys, list(merged.selected_columns), forwards=not args.backwards)
    page = merged.order_by(*order).limit(args.size + 1).offset(args.offset or 0).subquery()
    return select(page.c[len(query.keys) - 1])


def _between(
    keys: Sequence[SortKey[Any]],
    columns: Sequence[ColumnElement[Any]],
    after: CursorValues | None,
    before: CursorValues | None,
) -> list[ColumnElement[bool]]:
    return [
        _beyond(keys, columns, values, forwards=forwards, inclusive=False)
        for values, forwards in ((after, True), (before, False))
        if values is not None
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
    values: CursorValues,
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
    rest = _beyond(other_keys, other_columns, tuple(other_values), forwards=forwards, inclusive=inclusive)
    # `at_or_beyond` is redundant, but the only part that an index can serve.
    return and_(at_or_beyond, or_(beyond, rest))


def _exists_beyond(tx: Transaction, query: PagedQuery[Any], cursor: CursorValues | None, *, forwards: bool) -> bool:
    """Return whether there are rows at the cursor or beyond it."""
    if cursor is None:
        return False
    for values in query.sort_values:
        columns = list(values.selected_columns)
        rows = values.where(_beyond(query.keys, columns, cursor, forwards=forwards, inclusive=True))
        # Sorted, so that the search starts at the cursor.
        if _exists(tx, rows.order_by(*_order_by(query.keys, columns, forwards=forwards))):
            return True
    return False


def _exists(tx: Transaction, rows: Select[Any]) -> bool:
    one = rows.with_only_columns(literal(1), maintain_column_froms=True).limit(1)
    return tx.execute(one).first() is not None
