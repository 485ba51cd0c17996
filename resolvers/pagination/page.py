"""Connections: a list cut into pages by cursors, in both directions."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from resolvers.errors import BadUserInput

T = TypeVar("T")

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 500
MAX_OFFSET: Final = 10_000


@dataclass(frozen=True, slots=True)
class PageArgs:
    """Which page a client asks for, as it says it."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The same, checked: at most `size` things between two cursors, from the one end or the other."""

    size: int
    backwards: bool
    offset: int
    after: str | None
    before: str | None


def validate_page_args(page: PageArgs) -> Window:
    """What a client asks for: 50 where it does not say; from the end where it says `last`, or only `before`.

    Raises:
        BadUserInput: a size outside 1..500, both sizes, an offset outside 0..10,000 or beside a cursor.
    """
    if page.first is not None and page.last is not None:
        raise BadUserInput("give first or last, not both")
    if page.offset is not None and (page.after is not None or page.before is not None):
        raise BadUserInput("an offset does not go with a cursor")
    only_before = page.first is None and page.after is None and page.before is not None
    return Window(
        size=page_size("first", page.first) if page.last is None else page_size("last", page.last),
        backwards=page.last is not None or only_before,
        offset=check_bounds("offset", page.offset or 0, 0, MAX_OFFSET),
        after=page.after,
        before=page.before,
    )


def page_size(name: str, value: int | None) -> int:
    """The size of a list that an argument asks for.

    Raises:
        BadUserInput: it is outside 1..500.
    """
    return check_bounds(name, DEFAULT_SIZE if value is None else value, 1, MAX_SIZE)


def check_bounds(name: str, value: int, minimum: int, maximum: int) -> int:
    """The value of an argument that has bounds.

    Raises:
        BadUserInput: it is outside of them.
    """
    if not minimum <= value <= maximum:
        raise BadUserInput(f"{name} must be from {minimum} to {maximum}, not {value}")
    return value


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One thing of a list and its place there."""

    cursor: str
    node: T


class Page(Generic[T]):
    """One page of a list. Cursors are made, and the whole list is counted, only where they are asked for."""

    def __init__(
        self,
        nodes: Sequence[T],
        *,
        cursor: Callable[[T], str],
        has_next_page: bool,
        has_previous_page: bool,
        count: Callable[[], Awaitable[int]],
    ) -> None:
        self.nodes = list(nodes)
        self.has_next_page = has_next_page
        self.has_previous_page = has_previous_page
        self._cursor = cursor
        self._count = count

    @property
    def edges(self) -> list[Edge[T]]:
        """The things of this page with their places."""
        return [Edge(self._cursor(node), node) for node in self.nodes]

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first edge; null on an empty page."""
        return self._cursor(self.nodes[0]) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last edge; null on an empty page."""
        return self._cursor(self.nodes[-1]) if self.nodes else None

    async def total_count(self) -> int:
        """How many things the whole list has."""
        return await self._count()
