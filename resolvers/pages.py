"""Connections: a list cut into pages by cursors, in both directions."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageArgs:
    """Which page a client asks for, as it says it."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One thing of a list and its place there."""

    cursor: str
    node: T


class Page(Generic[T]):
    """One page of a list."""

    def __init__(
        self,
        edges: Sequence[Edge[T]],
        *,
        has_next_page: bool,
        has_previous_page: bool,
        count: Callable[[], Awaitable[int]],
    ) -> None:
        self.edges = list(edges)
        self.has_next_page = has_next_page
        self.has_previous_page = has_previous_page
        self._count = count

    @property
    def nodes(self) -> list[T]:
        """The things themselves."""
        return [edge.node for edge in self.edges]

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first edge; null on an empty page."""
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last edge; null on an empty page."""
        return self.edges[-1].cursor if self.edges else None

    async def total_count(self) -> int:
        """How many things the whole list has; counted only when called."""
        return await self._count()
