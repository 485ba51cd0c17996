"""Pages of sorted lists, located by the sort values of a row.

A page deep in a list costs as much as the first one, and rows that are added or deleted do not shift later pages.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Generic, TypeAlias, TypeVar

from models.clock import Instant
from models.database import Database, Statement, Transaction
from resolvers.errors import BadUserInput
from resolvers.pagination import cursors
from resolvers.pagination.cursors import CursorValues
from resolvers.pagination.sorted_list import Columns, PageShape, SortedList

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
class Selection:
    """What an operation reads of a page; the rest costs nothing, and must not be read. By default all."""

    columns: Columns = None
    """Those of the nodes that are shown; None for all, empty if no node is."""
    nodes: bool = True
    cursors: bool = True
    has_next: bool = True
    has_previous: bool = True

    @property
    def reads_rows(self) -> bool:
        return self.nodes or self.cursors or self.has_next or self.has_previous


ALL: Final = Selection()


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    node: T
    cursor_of: Callable[[T], str]

    @property
    def cursor(self) -> str:
        return self.cursor_of(self.node)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A connection. Cursors are encoded, and the whole list is counted, only on demand."""

    nodes: list[T]
    has_next_page: bool | None
    """This and the next one are None if the selection does not have them."""
    has_previous_page: bool | None
    cursor_of: Callable[[T], str]
    total_count: Callable[[], Awaitable[int]]
    """Counts the whole list."""

    @property
    def edges(self) -> list[Edge[T]]:
        return [Edge(node, self.cursor_of) for node in self.nodes]

    @property
    def start_cursor(self) -> str | None:
        return self.cursor_of(self.nodes[0]) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        return self.cursor_of(self.nodes[-1]) if self.nodes else None


@dataclass(frozen=True, slots=True)
class PagedQuery(Generic[T]):
    """A sorted list with the values of its parameters."""

    source: SortedList[T]
    list_id: Callable[[], str]
    """Returns what cursors of the list begin with."""
    values: Mapping[str, Any] = field(default_factory=dict)
    now: Instant = 0

    def parse_cursor(self, name: str, cursor: str | None) -> CursorValues | None:
        """Return the values of the cursor in argument `name`.

        Raises:
            BadUserInput: it is not a cursor of this list.
        """
        if cursor is None:
            return None
        values = cursors.decode(cursor, self.list_id(), [key.type for key in self.source.keys])
        if values is None:
            raise BadUserInput("is not a cursor of this list, with this filter and this order", (name,))
        return values

    def sort_values(self, node: T) -> CursorValues:
        return tuple(key.value_of(node, self.now) for key in self.source.keys)

    def cursor_maker(self) -> Callable[[T], str]:
        """Return the function that makes the cursor of a node."""
        return lambda node: cursors.encode(self.list_id(), self.sort_values(node))

    def sort(self, nodes: list[T]) -> None:
        """Sort nodes as the list is."""
        for key in reversed(self.source.keys):
            nodes.sort(key=partial(key.value_at, self.now), reverse=key.descending)


async def read_page(database: Database, query: PagedQuery[T], args: PageArgs, selection: Selection = ALL) -> Page[T]:
    """Read one page.

    Raises:
        BadUserInput: the arguments are invalid, or a cursor is not of this list.
    """
    args.validate()
    after, before = query.parse_cursor("after", args.after), query.parse_cursor("before", args.before)
    if selection.reads_rows:
        nodes, has_next, has_previous = await database.read(_read, query, args, after, before, selection)
    else:
        nodes, has_next, has_previous = [], None, None
    return Page(nodes, has_next, has_previous, query.cursor_maker(), partial(database.read_heavy, _count, query))


def _count(tx: Transaction, query: PagedQuery[Any]) -> int:
    return int(query.source.total().scalar(tx, **query.values))


def _read(  # noqa: PLR0913, PLR0917 - a page's arguments, parsed
    tx: Transaction,
    query: PagedQuery[T],
    args: PageArgs,
    after: CursorValues | None,
    before: CursorValues | None,
    selection: Selection,
) -> tuple[list[T], bool | None, bool | None]:
    source, size = query.source, args.size
    shows_more = selection.has_previous if args.backwards else selection.has_next
    values = {
        **query.values,
        **_cursor_values("after", after),
        **_cursor_values("before", before),
        # One row more than the page shows whether there are more.
        "limit": size + shows_more,
        "offset": args.offset or 0,
    }
    columns = selection.columns
    if columns is not None and selection.cursors:
        columns |= source.sort_columns
    rows = source.page(PageShape(args.backwards, after is not None, before is not None), columns).rows(tx, **values)
    nodes, more = rows[:size], len(rows) > size

    def found(statements: Sequence[Statement[Any]]) -> bool:
        return any(statement.rows(tx, **values) for statement in statements)

    def is_beyond(cursor: str, position: CursorValues | None) -> bool:
        return position is not None and found(source.exists_beyond(cursor))

    # An offset beyond the end skips rows only if the list has any.
    skipped = bool(args.offset) and (bool(rows) or found(source.exists()))
    next_, previous = (skipped, more) if args.backwards else (more, skipped)
    return (
        nodes[::-1] if args.backwards else nodes,
        (next_ or is_beyond("before", before)) if selection.has_next else None,
        (previous or is_beyond("after", after)) if selection.has_previous else None,
    )


def _cursor_values(cursor: str, values: CursorValues | None) -> dict[str, Any]:
    return {f"{cursor}_{number}": value for number, value in enumerate(values or ())}
