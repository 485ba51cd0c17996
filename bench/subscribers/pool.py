"""All watchers of one server, and what they have in common."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, Final

from bench.load_generator import HOST, LoadFailed
from bench.subscribers.counter import Count
from bench.subscribers.subscriber import Phase, SocketWatcher, Watcher

AT_ONCE: Final = 50
"""Watchers that are on their way in when a crowd opens; those that come back all come when they like."""
SOON: Final = (0.2, 1.8)
"""Seconds after which a watcher that was cut off or turned away tries again, at random."""

_CURSOR: Final = re.compile(rb'"cursor": ?"([^"]+)"')

Listener = Callable[[bytes, int, int], None]
"""Is shown each result that a live watcher is told: what was received, and where the message begins and ends in it."""


class Crowd:
    """So many watchers. The first has the first of the documents, the second the second, and so on, round and round."""

    def __init__(
        self,
        port: int,
        documents: Sequence[Mapping[str, Any]],
        count: int,
        kind: Callable[["Crowd", int], Watcher] = SocketWatcher,
    ) -> None:
        """
        Args:
            port: where the server listens on this machine.
            documents: what they subscribe to: `query` and `variables`.
            count: how many there are.
            kind: makes a watcher with its number.
        """
        self.port = port
        self.wanted = 1
        """How many results make a watcher live, as it then knows all there is: a snapshot, or what it has missed."""
        self.cursors: dict[int, str] = {}
        """By watcher, the cursor of the first thing that it was told, if that had one: it comes back from there."""
        self.returning = False
        """Whether watchers that are cut off come back."""
        self.abandoned = False
        """Whether they may be cut off, and stay away."""
        self.listener: Listener | None = None
        self.live = Count("watchers are live")
        self.delivered = Count("results were delivered")
        """To watchers that were live."""
        self.cut: Counter[int] = Counter()
        """How many connections the server has ended with which code; 0: without a word."""
        self.last_arrival = 0.0
        """When the last watcher came to be live, by `perf_counter`."""
        self._documents = documents
        self._watchers = [kind(self, number) for number in range(count)]
        self._leaving = False
        self._random = random.Random(count)  # the same every time
        self._coming: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._watchers)

    async def open(self, within: float) -> None:
        """Connect all; they are live when this returns. Raises LoadFailed, also where it takes more seconds."""
        deadline = perf_counter() + within
        for start in range(0, len(self), AT_ONCE):
            some = self._watchers[start : start + AT_ONCE]
            await asyncio.gather(*(self._connect(watcher) for watcher in some))
            await self.live.reached(start + len(some), deadline - perf_counter())

    def close(self) -> None:
        """Hang up on the server."""
        self._leaving = True
        for task in self._coming:
            task.cancel()
        for watcher in self._watchers:
            watcher.leave()

    # ---- for watchers ----

    def request(self, number: int) -> dict[str, Any]:
        """What a watcher subscribes to."""
        document = self._documents[number % len(self._documents)]
        after = {"after": self.cursors[number]} if number in self.cursors else {}
        return {"query": document["query"], "variables": {**document["variables"], **after}}

    def told(self, watcher: Watcher, received: bytes, start: int, end: int) -> None:
        """A watcher was told a result."""
        if watcher.phase is Phase.LIVE:
            if self.listener is not None:
                self.listener(received, start, end)
            self.delivered.up()
            return
        if watcher.number not in self.cursors and (cursor := _CURSOR.search(received, start, end)):
            self.cursors[watcher.number] = cursor[1].decode()
        if watcher.results == self.wanted:
            watcher.phase = Phase.LIVE
            self.last_arrival = perf_counter()
            self.live.up()

    def lost(self, watcher: Watcher, before: Phase, error: Exception | None) -> None:
        """A watcher's connection is over."""
        if self._leaving:
            return
        self.cut[watcher.code] += 1
        if before is Phase.LIVE:
            self.live.down()
        if self.returning:
            self._soon(watcher)
        elif not self.abandoned:
            self.fail(LoadFailed(f"the server has cut off a watcher: {watcher.code or error or 'without a word'}"))

    def refused(self, watcher: Watcher, status: str) -> None:
        """A watcher was not let in."""
        if not self.returning:
            self.fail(LoadFailed(f"watcher {watcher.number} was refused: {status}"))

    def fail(self, error: LoadFailed) -> None:
        """Something happened that must not."""
        self.live.fail(error)
        self.delivered.fail(error)

    # ---- coming, and coming back ----

    async def _connect(self, watcher: Watcher) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: watcher, HOST, self.port)
        except OSError as error:
            if not self.returning:
                raise LoadFailed(f"no connection to the server: {error}") from None
            self._soon(watcher)

    def _soon(self, watcher: Watcher) -> None:
        asyncio.get_running_loop().call_later(self._random.uniform(*SOON), self._again, watcher)

    def _again(self, watcher: Watcher) -> None:
        if not self._leaving:
            task = asyncio.create_task(self._connect(watcher))
            self._coming.add(task)
            task.add_done_callback(self._coming.discard)
