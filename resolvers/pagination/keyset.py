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
from resolvers.pagination.cursors import Place
from resolvers.pagination.page import Page, PageArgs, Window, window

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """One thing that a list is sorted by, in SQL and of a row; never null."""

    sql: ColumnElement[Any]
    of: Callable[[T], int | float | str]
    type: type[int] | type[float] | type[str]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a list, to be read in its order by an index of their own, or because they are few."""

    rows: Select[Any]
    columns: Sequence[ColumnElement[Any]]
    """What each key is in these rows."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A whole list. The last of its keys is unique."""

    tag: str
    rows: Select[Any]
    make: Callable[..., T]
    keys: Sequence[Key[T]]
    count: Callable[[], Select[Any]] | None = None
    """Makes the statement for how many things it has; where there is none, its rows are counted."""
    parts: Sequence[Part] = ()
    """Which rows it has, where no index has its order for all of them: places are looked up part by part, and a page is
    read by the last key of `rows`, which have no condition then. Else `rows` are all that it has."""

    @property
    def pieces(self) -> Sequence[Part]:
        """Its parts; the one, where it has none."""
        return self.parts or [Part(self.rows, [key.sql for key in self.keys])]

    def place(self, name: str, cursor: str) -> Place:
        """The place that the argument `name` gives.

        Raises:
            BadUserInput: it is no cursor of this list.
        """
        place = cursors.decode(cursor, self.tag, [key.type for key in self.keys])
        if place is None:
            raise BadUserInput(f"{name} is not a cursor of this list, with this filter and this order")
        return place

    def cursor(self, node: T) -> str:
        """The place of a thing in this list."""
        return cursors.encode(self.tag, tuple(key.of(node) for key in self.keys))


class Range(NamedTuple):
    """A window with its cursors as places."""

    window: Window
    after: Place | None
    before: Place | None


class Slice(NamedTuple, Generic[T]):
    """What was read of a list, in its order."""

    nodes: list[T]
    has_next: bool
    has_previous: bool


async def read_page(database: Database, listing: Listing[T], page: PageArgs) -> Page[T]:
    """One page of a list.

    Raises:
        BadUserInput: the page's arguments are not allowed, or a cursor is not of this list.
    """
    asked = window(page)
    wanted = Range(
        asked,
        None if asked.after is None else listing.place("after", asked.after),
        None if asked.before is None else listing.place("before", asked.before),
    )
    found = await database.read(_read, listing, wanted)
    return Page(
        found.nodes,
        cursor=listing.cursor,
        has_next_page=found.has_next,
        has_previous_page=found.has_previous,
        count=lambda: database.survey(_count, listing),
    )


def _count(tx: Connection, listing: Listing[Any]) -> int:
    if listing.count is not None:
        return int(tx.execute(listing.count()).scalar_one())
    return int(tx.execute(listing.rows.with_only_columns(func.count(), maintain_column_froms=True)).scalar_one())


def _read(tx: Connection, listing: Listing[T], wanted: Range) -> Slice[T]:
    asked = wanted.window
    rows = tx.execute(_page(listing, wanted)).all()
    nodes = [listing.make(*row) for row in rows[: asked.size]]
    # There is more at the far end where one row too many came; at the near end where a cursor or an offset cut it off.
    far = len(rows) > asked.size
    near = asked.offset > 0 and (bool(rows) or any(_any(tx, part.rows) for part in listing.pieces))
    earlier = _any_past(tx, listing, wanted.after, forwards=False)
    later = _any_past(tx, listing, wanted.before, forwards=True)
    if asked.backwards:
        return Slice(nodes[::-1], has_next=near or later, has_previous=far or earlier)
    return Slice(nodes, has_next=far or later, has_previous=near or earlier)


def _page(listing: Listing[Any], wanted: Range) -> Select[Any]:
    """The rows of a page, and one more, in the order they are read in."""
    asked, keys = wanted.window, listing.keys
    columns = [key.sql for key in keys]
    order = _order(keys, columns, forwards=not asked.backwards)
    if not listing.parts:
        (whole,) = listing.pieces
        rows = _between(whole, keys, wanted)
        return rows.order_by(*order).limit(asked.size + 1).offset(asked.offset)
    # The database merges the parts: it reads no more of each than the page takes.
    places = union_all(*(_places(part, keys, wanted) for part in listing.parts))
    found = _order(keys, list(places.selected_columns), forwards=not asked.backwards)
    page = places.order_by(*found).limit(asked.size + 1).offset(asked.offset).subquery()
    return listing.rows.where(columns[-1].in_(select(page.c[len(keys) - 1]))).order_by(*order)


def _places(part: Part, keys: Sequence[Key[Any]], wanted: Range) -> Select[Any]:
    """What rows of a part are sorted by."""
    columns = [column.label(f"key_{number}") for number, column in enumerate(part.columns)]
    return _between(part, keys, wanted).with_only_columns(*columns, maintain_column_froms=True)


def _between(part: Part, keys: Sequence[Key[Any]], wanted: Range) -> Select[Any]:
    """The rows of a part between the cursors."""
    bounds = [
        _past(keys, part.columns, place, forwards=forwards, inclusive=False)
        for place, forwards in ((wanted.after, True), (wanted.before, False))
        if place is not None
    ]
    return part.rows.where(*bounds)


def _order(
    keys: Sequence[Key[Any]], columns: Sequence[ColumnElement[Any]], *, forwards: bool
) -> list[ColumnElement[Any]]:
    return [
        column.asc() if key.descending != forwards else column.desc() for key, column in zip(keys, columns, strict=True)
    ]


def _past(
    keys: Sequence[Key[Any]], columns: Sequence[ColumnElement[Any]], place: Place, *, forwards: bool, inclusive: bool
) -> ColumnElement[bool]:
    """The rows that come after `place`, or before it. The first comparison alone is one that an index serves."""
    (key, *others), (column, *columns), (value, *rest) = keys, columns, place
    upwards = key.descending != forwards
    reached = column >= value if upwards else column <= value
    passed = column > value if upwards else column < value
    if others:
        beyond = _past(others, columns, tuple(rest), forwards=forwards, inclusive=inclusive)
        return and_(reached, or_(passed, beyond))
    return reached if inclusive else passed


def _any_past(tx: Connection, listing: Listing[Any], place: Place | None, *, forwards: bool) -> bool:
    """Whether there are rows at `place` or on that side of it; the search begins there."""
    if place is None:
        return False
    keys = listing.keys
    for part in listing.pieces:
        beyond = part.rows.where(_past(keys, part.columns, place, forwards=forwards, inclusive=True))
        if _any(tx, beyond.order_by(*_order(keys, part.columns, forwards=forwards))):
            return True
    return False


def _any(tx: Connection, rows: Select[Any]) -> bool:
    one = rows.with_only_columns(literal(1), maintain_column_froms=True).limit(1)
    return tx.execute(one).first() is not None
