"""What a crowd can be told to do, and what it says then: plain values, to be sent from process to process."""

import asyncio
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from time import perf_counter, process_time
from typing import Any, Final

from bench.load_generator import LoadFailed, UnexpectedResponse
from bench.statistics import percentile
from bench.subscribers.pool import MessageListener, SubscriberPool
from bench.subscribers.publisher import Publisher, delivery_latency
from bench.subscribers.subscriber import SseSubscriber, WebSocketSubscriber

DELIVERY_TIMEOUT: Final = 60.0
"""Seconds in which the last results must come."""
SUBSCRIBER_TYPES: Final = {"sockets": WebSocketSubscriber, "streams": SseSubscriber}

CommandResult = dict[str, Any]


class Commands:
    """A crowd, and somebody who gives it something to look at. All methods raise LoadFailed."""

    def __init__(self) -> None:
        self._pool: SubscriberPool | None = None
        self._publisher: Publisher | None = None

    @property
    def pool(self) -> SubscriberPool:
        if self._pool is None:
            raise LoadFailed("there is no crowd")
        return self._pool

    @property
    def publisher(self) -> Publisher:
        if self._publisher is None:
            raise LoadFailed("there are no sessions to be moved")
        return self._publisher

    # ---- coming and going ----

    async def open(
        self, port: int, documents: Sequence[Mapping[str, Any]], count: int, sessions: list[str], kind: str
    ) -> CommandResult:
        """Have so many watchers, which are live then; `sessions` are those that will move."""
        began = perf_counter()
        self._pool = SubscriberPool(port, documents, count, SUBSCRIBER_TYPES[kind])
        self._publisher = Publisher(port, sessions)
        await self.pool.open(DELIVERY_TIMEOUT + count / 50)
        return {"seconds": perf_counter() - began}

    async def close(self) -> CommandResult:
        """Have none any more."""
        self.pool.close()
        self.publisher.close()
        self._pool = self._publisher = None
        return {}

    async def may_go(self, *, wanted: int | None) -> CommandResult:
        """From now on being cut off is no failure. With `wanted` whoever is comes back, and is live when it was told so
        many results."""
        self.pool.disconnects_expected = wanted is None
        if wanted is not None:
            self.pool.reconnects, self.pool.results_until_live = True, wanted
        return {}

    async def back(self, within: float) -> CommandResult:
        """Wait till all have come back: when the last one had, by `perf_counter`."""
        await self.pool.live.wait_for(len(self.pool), within)
        self.pool.reconnects = False
        return {"at": self.pool.last_live_at}

    async def state(self) -> CommandResult:
        """How many are live, and how many were cut off with which code; 0: without a word."""
        return {
            "live": self.pool.live.value,
            "cut": {str(code): count for code, count in self.pool.close_codes.items()},
        }

    # ---- something to look at ----

    async def show(self, moves: int) -> CommandResult:
        """Move so many sessions, which all watchers are told of."""
        told = self.pool.delivered.value + moves * len(self.pool)
        for _ in range(moves):
            await self.publisher.publish()
        await self.pool.delivered.wait_for(told, DELIVERY_TIMEOUT)
        return {}

    async def saturate(self, seconds: float, window: int) -> CommandResult:
        """Move sessions as fast as the watchers are told of it: the next one when all were told of that `window` moves
        before it."""
        crowd, feeder = self.pool, self.publisher
        begun, first = 0, crowd.delivered.value
        began, spent = perf_counter(), process_time()

        async def lane() -> None:
            nonlocal begun
            while perf_counter() < began + seconds:
                begun += 1
                told = first + begun * len(crowd)
                await feeder.publish()
                await crowd.delivered.wait_for(told, DELIVERY_TIMEOUT)

        lanes = [asyncio.create_task(lane()) for _ in range(window)]
        await asyncio.sleep(seconds)
        said = _timing(began, spent) | {"delivered": crowd.delivered.value - first}
        await asyncio.gather(*lanes)
        return said | {"all_delivered": crowd.delivered.value - first}

    async def paced(self, seconds: float, rate: float) -> CommandResult:
        """Move so many sessions a second, whatever comes of it: how many seconds later the watchers are told. Of what
        the server refuses they are never told: null, where that decides."""
        crowd, feeder = self.pool, self.publisher
        ages = array("d")
        count, first = round(seconds * rate), crowd.delivered.value
        began, spent = perf_counter(), process_time()

        async def move(at: float) -> bool:
            await asyncio.sleep(at - perf_counter())
            try:
                await feeder.publish(at)
            except UnexpectedResponse:
                return False
            return True

        def note(received: bytes, start: int, end: int) -> None:
            ages.append(delivery_latency(received, start, end, perf_counter()))

        with self._listening(note):
            moved = sum(await asyncio.gather(*(move(began + number / rate) for number in range(count))))
            said = _timing(began, spent)
            await crowd.delivered.wait_for(first + moved * len(crowd), DELIVERY_TIMEOUT)
        ages.extend([inf] * ((count - moved) * len(crowd)))
        return said | {"refused": count - moved, "p50": percentile(ages, 0.5), "p99": percentile(ages, 0.99)}

    @contextmanager
    def _listening(self, listener: MessageListener) -> Iterator[None]:
        self.pool.listener = listener
        try:
            yield
        finally:
            self.pool.listener = None


def _timing(began: float, spent: float) -> CommandResult:
    """How long something took, and which share of a core this process needed for it."""
    seconds = perf_counter() - began
    return {"seconds": seconds, "busy": (process_time() - spent) / seconds}
