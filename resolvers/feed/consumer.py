"""Somebody who follows the feed: a group of streams that are told the same."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Self

from resolvers.feed.batch import Batch
from resolvers.feed.messages import Item

if TYPE_CHECKING:
    from resolvers.feed.log_reader import Feed


class Follower(ABC):
    """Turns batches into items, which whoever iterates takes when it can.

    It holds ids, and the items of about one batch: while these are not taken it makes no more, and catches up later.
    """

    def __init__(self, feed: "Feed") -> None:
        self.feed = feed
        self.hears = False
        """Whether it wants to be told of changes that are not in the log."""
        self._items: deque[Item] = deque()
        self._arrived = asyncio.Event()
        self._early: list[Batch] | None = []
        """What came before it was known where to begin; null once that is known."""
        self._held_back = False
        """Whether there may be something to say that had to wait until all items were taken."""
        self._closed = False
        self._error: Exception | None = None

    # ---- for the feed ----

    async def begin(self) -> None:
        """Find out where to begin; batches may come meanwhile."""
        await self.locate()
        early, self._early = self._early or [], None
        for batch in early:
            self.tell(batch)

    def heard(self, ids: AbstractSet[str]) -> None:  # noqa: B027 - few care
        """Be told which sessions a commit of this process has changed, if it `hears`."""

    def wants(self, time: float) -> Collection[str]:
        """Say which sessions the next batch has to show, besides those that have entries in it."""
        return () if self._early is not None else self.prepare(time)

    def take(self, batch: Batch) -> None:
        """Look at a batch; `wants` was asked before it was read, if this follower was there."""
        if self._early is not None:
            self._early.append(batch)
        else:
            self.tell(batch)

    def due(self) -> float | None:
        """When there is something to say even if nothing happens until then; null: never."""
        return None

    def close(self, error: Exception | None = None) -> None:
        """End the iteration once the items are taken, by an error if there is one."""
        self._closed, self._error = True, error
        self._arrived.set()

    # ---- what the kinds of followers do ----

    @abstractmethod
    async def locate(self) -> None:
        """Read where to begin."""

    def prepare(self, time: float) -> Collection[str]:  # noqa: ARG002 - for those who need more than the entries
        """Get ready for a batch that is about to be read; see `wants`."""
        return ()

    @abstractmethod
    def tell(self, batch: Batch) -> None:
        """Make items of a batch."""

    def go_on(self) -> None:
        """Have another batch as soon as all items are taken."""
        self._held_back = self.waiting > 0
        if not self._held_back:
            self.feed.wake()

    async def rest(self) -> None:
        """All items were taken."""
        if self._held_back:
            self._held_back = False
            self.feed.wake()

    @property
    def waiting(self) -> int:
        """How many items were not taken yet."""
        return len(self._items)

    def give(self, items: Iterable[Item]) -> None:
        """Have items taken."""
        self._items.extend(items)
        if self._items:
            self._arrived.set()

    # ---- for whoever takes the items ----

    def __aiter__(self) -> Self:
        return self

    def at_hand(self, most: int) -> list[Item]:
        """Take items that wait, at most so many."""
        return [self._items.popleft() for _ in range(min(most, self.waiting))]

    async def __anext__(self) -> Item:
        while not self._items:
            if self._error is not None:
                raise self._error
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self.rest()
            if not self._items:
                await self._arrived.wait()
        return self._items.popleft()
