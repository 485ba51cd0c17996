"""Lists read page by page: a cursor holds the values of its row that the list is sorted by, so that a page
deep in a list costs what the first one does, and rows that come or go shift nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all
from sqlalchemy.engine import Connection

from models.database import Database
from resolvers.errors import BadUserInput
from resolvers.pagination import cursors
from resolvers.pagination.cursors import CursorValues
from resolvers.pagination.page import Page, PageArgs, Window, validate_page_args

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SortKey(Generic[T]):
    """One thing that a list is sorted by, in SQL and of a row; never null."""

    sql: ColumnElement[Any]
    value_of: Callable[[T], int | float | str]
    type: type[int] | type[float] | type[str]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """Some rows of a list, to be read in its order by an index of their own, or because they are few."""

    rows: Select[Any]
    columns: Sequence[ColumnElement[Any]]
    """What each key is in these rows."""


@dataclass(frozen=True, slots=True)
class PagedQuery(Generic[T]):
    """A whole list. The last of its keys is unique."""

    list_id: str
    rows: Select[Any]
    from_row: Callable[..., T]
    keys: Sequence[SortKey[T]]
    count_statement: Callable[[], Select[Any]] | None = None
    """Makes the statement for how many things it has; where there is none, its rows are counted."""
    segments: Sequence[Segment] = ()
    """Which rows it has, where no index has its order for all of them: places are looked up part by part, and a page is
    read by the last key of `rows`, which have no condition then. Else `rows` are all that it has."""

    @property
    def all_segments(self) -> Sequence[Segment]:
        """Its parts; the one, where it has none."""
        return self.segments or [Segment(self.rows, [key.sql for key in self.keys])]

    def parse_cursor(self, name: str, cursor: str) -> CursorValues:
        """The place that the argument `name` gives.

        Raises:
            BadUserInput: it is no cursor of this list.
        """
        values = cursors.decode(cursor, self.list_id, [key.type for key in self.keys])
        if values is None:
            raise BadUserInput(f"{name} is not a cursor of this list, with this filter and this order")
        return values

    def cursor(self, node: T) -> str:
        """The place of a thing in this list."""
        return cursors.encode(self.list_id, tuple(key.value_of(node) for key in self.keys))


class CursorRange(NamedTuple):
    """A window with its cursors as places."""

    window: Window
    after: CursorValues | None
    before: CursorValues | None


class PageSlice(NamedTuple, Generic[T]):
    """What was read of a list, in its order."""

    nodes: list[T]
    has_next: bool
    has_previous: bool


async def read_page(database: Database, query: PagedQuery[T], page: PageArgs) -> Page[T]:
    """One page of a list.

    Raises:
        BadUserInput: the page's arguments are not allowed, or a cursor is not of this list.
    """
    asked = validate_page_args(page)
    cursor_range = CursorRange(
        asked,
        None if asked.after is None else query.parse_cursor("after", asked.after),
        None if asked.before is None else query.parse_cursor("before", asked.before),
    )
    found = await database.read(_read_slice, query, cursor_range)
    return Page(
        found.nodes,
        cursor=query.cursor,
        has_next_page=found.has_next,
        has_previous_page=found.has_previous,
        count=lambda: database.read_heavy(_count, query),
    )


def _count(tx: Connection, query: PagedQuery[Any]) -> int:
    if query.count_statement is not None:
        return int(tx.execute(query.count_statement()).scalar_one())
    return int(tx.execute(query.rows.with_only_columns(func.count(), maintain_column_froms=True)).scalar_one())


def _read_slice(tx: Connection, query: PagedQuery[T], wanted: CursorRange) -> PageSlice[T]:
    asked = wanted.window
    rows = tx.execute(_page_statement(query, wanted)).all()
    nodes = [query.from_row(*row) for row in rows[: asked.size]]
    # There is more at the far end where one row too many came; at the near end where a cursor or an offset cut it off.
    far = len(rows) > asked.size
    near = asked.offset > 0 and (bool(rows) or any(_exists(tx, part.rows) for part in query.all_segments))
    earlier = _exists_beyond(tx, query, wanted.after, forwards=False)
    later = _exists_beyond(tx, query, wanted.before, forwards=True)
    if asked.backwards:
        return PageSlice(nodes[::-1], has_next=near or later, has_previous=far or earlier)
    return PageSlice(nodes, has_next=far or later, has_previous=near or earlier)


def _page_statement(query: PagedQuery[Any], wanted: CursorRange) -> Select[Any]:
    """The rows of a page, and one more, in the order they are read in."""
    asked, keys = wanted.window, query.keys
    columns = [key.sql for key in keys]
    order = _order_by(keys, columns, forwards=not asked.backwards)
    if not query.segments:
        (whole,) = query.all_segments
        rows = _within_cursors(whole, keys, wanted)
        return rows.order_by(*order).limit(asked.size + 1).offset(asked.offset)
    # The database merges the parts: it reads no more of each than the page takes.
    places = union_all(*(_segment_keys(part, keys, wanted) for part in query.segments))
    found = _order_by(keys, list(places.selected_columns), forwards=not asked.backwards)
    page = places.order_by(*found).limit(asked.size + 1).offset(asked.offset).subquery()
    return query.rows.where(columns[-1].in_(select(page.c[len(keys) - 1]))).order_by(*order)


def _segment_keys(segment: Segment, keys: Sequence[SortKey[Any]], wanted: CursorRange) -> Select[Any]:
    """What rows of a part are sorted by."""
    columns = [column.label(f"key_{number}") for number, column in enumerate(segment.columns)]
    return _within_cursors(segment, keys, wanted).with_only_columns(*columns, maintain_column_froms=True)


def _within_cursors(segment: Segment, keys: Sequence[SortKey[Any]], wanted: CursorRange) -> Select[Any]:
    """The rows of a part between the cursors."""
    bounds = [
        _beyond_cursor(keys, segment.columns, place, forwards=forwards, inclusive=False)
        for place, forwards in ((wanted.after, True), (wanted.before, False))
        if place is not None
    ]
    return segment.rows.where(*bounds)


def _order_by(
    keys: Sequence[SortKey[Any]], columns: Sequence[ColumnElement[Any]], *, forwards: bool
) -> list[ColumnElement[Any]]:
    return [
        column.asc() if key.descending != forwards else column.desc() for key, column in zip(keys, columns, strict=True)
    ]


def _beyond_cursor(
    keys: Sequence[SortKey[Any]],
    columns: Sequence[ColumnElement[Any]],
    values: CursorValues,
    *,
    forwards: bool,
    inclusive: bool,
) -> ColumnElement[bool]:
    """The rows that come after `place`, or before it. The first comparison alone is one that an index serves."""
    (key, *others), (column, *columns), (value, *rest) = keys, columns, values
    upwards = key.descending != forwards
    reached = column >= value if upwards else column <= value
    passed = column > value if upwards else column < value
    if others:
        beyond = _beyond_cursor(others, columns, tuple(rest), forwards=forwards, inclusive=inclusive)
        return and_(reached, or_(passed, beyond))
    return reached if inclusive else passed


def _exists_beyond(tx: Connection, query: PagedQuery[Any], values: CursorValues | None, *, forwards: bool) -> bool:
    """Whether there are rows at `place` or on that side of it; the search begins there."""
    if values is None:
        return False
    keys = query.keys
    for part in query.all_segments:
        beyond = part.rows.where(_beyond_cursor(keys, part.columns, values, forwards=forwards, inclusive=True))
        if _exists(tx, beyond.order_by(*_order_by(keys, part.columns, forwards=forwards))):
            return True
    return False


def _exists(tx: Connection, rows: Select[Any]) -> bool:
    one = rows.with_only_columns(literal(1), maintain_column_froms=True).limit(1)
    return tx.execute(one).first() is not None
