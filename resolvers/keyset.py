"""Lists read page by page: a cursor holds the values of its row that the list is sorted by, so that a page
deep in a list costs what the first one does, and rows that come or go shift nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_
from sqlalchemy.engine import Connection

from models.database import Database
from resolvers import cursors
from resolvers.cursors import Place
from resolvers.errors import BadUserInput
from resolvers.pages import Page, PageArgs, Window, window

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """One thing that a list is sorted by, in SQL and of a row; never null."""

    sql: ColumnElement[Any]
    of: Callable[[T], int | float | str]
    type: type[int] | type[float] | type[str]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A whole list. The last of its keys is unique."""

    tag: str
    rows: Select[Any]
    make: Callable[..., T]
    keys: Sequence[Key[T]]
    count: Callable[[], Select[Any]] | None = None
    """Makes the statement for how many things it has, where there is a quicker way than to count its rows."""
    whole: Select[Any] | None = None
    """Its rows without any condition, where no index has its order: only ids are sorted then, and rows read by them."""

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
    asked, keys = wanted.window, listing.keys
    bounds = [
        _past(keys, place, forwards=forwards, inclusive=False)
        for place, forwards in ((wanted.after, True), (wanted.before, False))
        if place is not None
    ]
    order = _order(keys, forwards=not asked.backwards)
    statement = listing.rows.where(*bounds).order_by(*order).limit(asked.size + 1).offset(asked.offset)
    if listing.whole is not None:
        statement = _by_id(listing.whole, listing, statement).order_by(*order)
    rows = tx.execute(statement).all()
    nodes = [listing.make(*row) for row in rows[: asked.size]]
    # There is more at the far end where one row too many came; at the near end where a cursor or an offset cut it off.
    far = len(rows) > asked.size
    near = asked.offset > 0 and (bool(rows) or _any(tx, listing.rows))
    earlier = _any_past(tx, listing, wanted.after, forwards=False)
    later = _any_past(tx, listing, wanted.before, forwards=True)
    if asked.backwards:
        return Slice(nodes[::-1], has_next=near or later, has_previous=far or earlier)
    return Slice(nodes, has_next=far or later, has_previous=near or earlier)


def _by_id(whole: Select[Any], listing: Listing[Any], statement: Select[Any]) -> Select[Any]:
    """The rows that a statement finds, the last of its keys being their id."""
    id_ = listing.keys[-1].sql
    return whole.where(id_.in_(statement.with_only_columns(id_, maintain_column_froms=True).correlate(None)))


def _order(keys: Sequence[Key[T]], *, forwards: bool) -> list[ColumnElement[Any]]:
    return [key.sql.asc() if key.descending != forwards else key.sql.desc() for key in keys]


def _past(keys: Sequence[Key[T]], place: Place, *, forwards: bool, inclusive: bool) -> ColumnElement[bool]:
    """The rows that come after `place`, or before it. The first comparison alone is one that an index serves."""
    (key, *others), (value, *rest) = keys, place
    upwards = key.descending != forwards
    reached = key.sql >= value if upwards else key.sql <= value
    passed = key.sql > value if upwards else key.sql < value
    if others:
        return and_(reached, or_(passed, _past(others, tuple(rest), forwards=forwards, inclusive=inclusive)))
    return reached if inclusive else passed


def _any_past(tx: Connection, listing: Listing[T], place: Place | None, *, forwards: bool) -> bool:
    """Whether there are rows at `place` or on that side of it; where an index leads, the search begins there."""
    if place is None:
        return False
    beyond = listing.rows.where(_past(listing.keys, place, forwards=forwards, inclusive=True))
    return _any(tx, beyond if listing.whole is not None else beyond.order_by(*_order(listing.keys, forwards=forwards)))


def _any(tx: Connection, rows: Select[Any]) -> bool:
    one = rows.with_only_columns(literal(1), maintain_column_froms=True).limit(1)
    return tx.execute(one).first() is not None
