"""Somebody who follows the feed: a group of streams that are told the same."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Self

from resolvers.feed.batch import LogBatch
from resolvers.feed.messages import FeedItem

if TYPE_CHECKING:
    from resolvers.feed.log_reader import LogReader


class LogConsumer(ABC):
    """Turns batches into items, which whoever iterates takes when it can.

    It holds ids, and the items of about one batch: while these are not taken it makes no more, and catches up later.
    """

    def __init__(self, log_reader: "LogReader") -> None:
        self.feed = log_reader
        self.wants_heartbeats = False
        """Whether it wants to be told of changes that are not in the log."""
        self._items: deque[FeedItem] = deque()
        self._item_available = asyncio.Event()
        self._unseeked_batches: list[LogBatch] | None = []
        """What came before it was known where to begin; null once that is known."""
        self._batch_requested = False
        """Whether there may be something to say that had to wait until all items were taken."""
        self._closed = False
        self._error: Exception | None = None

    # ---- for the feed ----

    async def start(self) -> None:
        """Find out where to begin; batches may come meanwhile."""
        await self.seek()
        batches, self._unseeked_batches = self._unseeked_batches or [], None
        for batch in batches:
            self.produce(batch)

    def on_heartbeats(self, ids: AbstractSet[str]) -> None:  # noqa: B027 - few care
        """Be told which sessions a commit of this process has changed, if it `hears`."""

    def needed_ids(self, time: float) -> Collection[str]:
        """Say which sessions the next batch has to show, besides those that have entries in it."""
        return () if self._unseeked_batches is not None else self.prepare(time)

    def on_batch(self, batch: LogBatch) -> None:
        """Look at a batch; `wants` was asked before it was read, if this follower was there."""
        if self._unseeked_batches is not None:
            self._unseeked_batches.append(batch)
        else:
            self.produce(batch)

    def next_due(self) -> float | None:
        """When there is something to say even if nothing happens until then; null: never."""
        return None

    def close(self, error: Exception | None = None) -> None:
        """End the iteration once the items are taken, by an error if there is one."""
        self._closed, self._error = True, error
        self._item_available.set()

    # ---- what the kinds of followers do ----

    @abstractmethod
    async def seek(self) -> None:
        """Read where to begin."""

    def prepare(self, time: float) -> Collection[str]:  # noqa: ARG002 - for those who need more than the entries
        """Get ready for a batch that is about to be read; see `wants`."""
        return ()

    @abstractmethod
    def produce(self, batch: LogBatch) -> None:
        """Make items of a batch."""

    def request_batch(self) -> None:
        """Have another batch as soon as all items are taken."""
        self._batch_requested = self.queued > 0
        if not self._batch_requested:
            self.feed.wake()

    async def on_drained(self) -> None:
        """All items were taken."""
        if self._batch_requested:
            self._batch_requested = False
            self.feed.wake()

    @property
    def queued(self) -> int:
        """How many items were not taken yet."""
        return len(self._items)

    def enqueue(self, items: Iterable[FeedItem]) -> None:
        """Have items taken."""
        self._items.extend(items)
        if self._items:
            self._item_available.set()

    # ---- for whoever takes the items ----

    def __aiter__(self) -> Self:
        return self

    def take_ready(self, limit: int) -> list[FeedItem]:
        """Take items that wait, at most so many."""
        return [self._items.popleft() for _ in range(min(limit, self.queued))]

    async def __anext__(self) -> FeedItem:
        while not self._items:
            if self._error is not None:
                raise self._error
            if self._closed:
                raise StopAsyncIteration
            self._item_available.clear()
            await self.on_drained()
            if not self._items:
                await self._item_available.wait()
        return self._items.popleft()
