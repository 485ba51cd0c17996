"""All watchers of one server, and what they have in common."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, Final

from bench.load_generator import HOST, LoadFailed
from bench.subscribers.counter import AwaitableCounter
from bench.subscribers.subscriber import Phase, Subscriber, WebSocketSubscriber

OPEN_BATCH: Final = 50
"""Watchers that are on their way in when a crowd opens; those that come back all come when they like."""
SOON: Final = (0.2, 1.8)
"""Seconds after which a watcher that was cut off or turned away tries again, at random."""

_CURSOR: Final = re.compile(rb'"cursor": ?"([^"]+)"')

MessageListener = Callable[[bytes, int, int], None]
"""Is shown each result that a live watcher is told: what was received, and where the message begins and ends in it."""


class SubscriberPool:
    """So many watchers. The first has the first of the documents, the second the second, and so on, round and round."""

    def __init__(
        self,
        port: int,
        documents: Sequence[Mapping[str, Any]],
        count: int,
        subscriber_type: Callable[["SubscriberPool", int], Subscriber] = WebSocketSubscriber,
    ) -> None:
        """
        Args:
            port: where the server listens on this machine.
            documents: what they subscribe to: `query` and `variables`.
            count: how many there are.
            kind: makes a watcher with its number.
        """
        self.port = port
        self.results_until_live = 1
        """How many results make a watcher live, as it then knows all there is: a snapshot, or what it has missed."""
        self.cursors: dict[int, str] = {}
        """By watcher, the cursor of the first thing that it was told, if that had one: it comes back from there."""
        self.reconnects = False
        """Whether watchers that are cut off come back."""
        self.disconnects_expected = False
        """Whether they may be cut off, and stay away."""
        self.listener: MessageListener | None = None
        self.live = AwaitableCounter("watchers are live")
        self.delivered = AwaitableCounter("results were delivered")
        """To watchers that were live."""
        self.close_codes: Counter[int] = Counter()
        """How many connections the server has ended with which code; 0: without a word."""
        self.last_live_at = 0.0
        """When the last watcher came to be live, by `perf_counter`."""
        self._documents = documents
        self._subscribers = [subscriber_type(self, number) for number in range(count)]
        self._closing = False
        self._random = random.Random(count)  # the same every time
        self._connecting: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._subscribers)

    async def open(self, seconds: float) -> None:
        """Connect all; they are live when this returns. Raises LoadFailed, also where it takes more seconds."""
        deadline = perf_counter() + seconds
        for start in range(0, len(self), OPEN_BATCH):
            batch = self._subscribers[start : start + OPEN_BATCH]
            await asyncio.gather(*(self._connect(watcher) for watcher in batch))
            await self.live.wait_for(start + len(batch), deadline - perf_counter())

    def close(self) -> None:
        """Hang up on the server."""
        self._closing = True
        for task in self._connecting:
            task.cancel()
        for watcher in self._subscribers:
            watcher.close()

    # ---- for watchers ----

    def subscribe_payload(self, number: int) -> dict[str, Any]:
        """What a watcher subscribes to."""
        document = self._documents[number % len(self._documents)]
        after = {"after": self.cursors[number]} if number in self.cursors else {}
        return {"query": document["query"], "variables": {**document["variables"], **after}}

    def on_result(self, subscriber: Subscriber, received: bytes, start: int, end: int) -> None:
        """A watcher was told a result."""
        if subscriber.phase is Phase.LIVE:
            if self.listener is not None:
                self.listener(received, start, end)
            self.delivered.increment()
            return
        if subscriber.number not in self.cursors and (cursor := _CURSOR.search(received, start, end)):
            self.cursors[subscriber.number] = cursor[1].decode()
        if subscriber.results == self.results_until_live:
            subscriber.phase = Phase.LIVE
            self.last_live_at = perf_counter()
            self.live.increment()

    def on_disconnect(self, subscriber: Subscriber, before: Phase, error: Exception | None) -> None:
        """A watcher's connection is over."""
        if self._closing:
            return
        self.close_codes[subscriber.code] += 1
        if before is Phase.LIVE:
            self.live.decrement()
        if self.reconnects:
            self._schedule_reconnect(subscriber)
        elif not self.disconnects_expected:
            self.fail(LoadFailed(f"the server has cut off a watcher: {subscriber.code or error or 'without a word'}"))

    def on_rejected(self, subscriber: Subscriber, status: str) -> None:
        """A watcher was not let in."""
        if not self.reconnects:
            self.fail(LoadFailed(f"watcher {subscriber.number} was refused: {status}"))

    def fail(self, error: LoadFailed) -> None:
        """Something happened that must not."""
        self.live.fail(error)
        self.delivered.fail(error)

    # ---- coming, and coming back ----

    async def _connect(self, subscriber: Subscriber) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: subscriber, HOST, self.port)
        except OSError as error:
            if not self.reconnects:
                raise LoadFailed(f"no connection to the server: {error}") from None
            self._schedule_reconnect(subscriber)

    def _schedule_reconnect(self, subscriber: Subscriber) -> None:
        asyncio.get_running_loop().call_later(self._random.uniform(*SOON), self._reconnect, subscriber)

    def _reconnect(self, subscriber: Subscriber) -> None:
        if not self._closing:
            task = asyncio.create_task(self._connect(subscriber))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
