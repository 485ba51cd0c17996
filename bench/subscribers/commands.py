"""The commands of the subscribers' process. Arguments and results are plain values."""

import asyncio
import re
from array import array
from collections.abc import Mapping, Sequence
from math import inf
from time import perf_counter, process_time
from typing import Any, Final

from bench.http_client import HttpClient
from bench.load_generator import LoadFailed, UnexpectedResponse, percentile
from bench.subscribers.pool import SseSubscriber, SubscriberPool, WebSocketSubscriber

DELIVERY_TIMEOUT: Final = 60.0
"""Seconds in which the last results must arrive."""
TRANSPORTS: Final = {"websocket": WebSocketSubscriber, "sse": SseSubscriber}
MOVE_MUTATION: Final = """mutation Move($id: ID!, $path: [String!]) {
  keepaliveSession(input: {id: $id, path: $path}) { session { id } problems { code } }
}"""

_TIMESTAMP: Final = re.compile(rb'"at-(\d+)"')

CommandResult = dict[str, Any]


def delivery_latency(received: bytes, start: int, end: int, now: float) -> float:
    """Return the seconds since the move that a result reports. Raises LoadFailed."""
    timestamp = _TIMESTAMP.search(received, start, end)
    if timestamp is None:
        raise LoadFailed(f"a result without a timestamp: {received[start:end][:500]!r}")
    return now - int(timestamp[1]) / 1e9


class Commands:
    """A pool of subscribers, and the sessions that move while they watch. All methods raise LoadFailed."""

    def __init__(self) -> None:
        self._pool: SubscriberPool | None = None
        self._client: HttpClient | None = None
        self._sessions: Sequence[str] = ()
        self._moves = 0

    @property
    def pool(self) -> SubscriberPool:
        if self._pool is None:
            raise LoadFailed("there are no subscribers")
        return self._pool

    async def open(
        self, port: int, documents: Sequence[Mapping[str, Any]], count: int, sessions: list[str], transport: str
    ) -> CommandResult:
        """Open `count` live subscribers. `sessions` are those that will move."""
        started = perf_counter()
        self._pool = SubscriberPool(port, documents, count, TRANSPORTS[transport])
        self._client, self._sessions = HttpClient(port), sessions
        await self.pool.open(DELIVERY_TIMEOUT + count / 50)
        return {"seconds": perf_counter() - started}

    async def close(self) -> CommandResult:
        self.pool.close()
        if self._client is not None:
            await self._client.close()
        self._pool = self._client = None
        return {}

    async def expect_disconnects(self, *, results_until_live: int | None) -> CommandResult:
        """Accept disconnects from now on. With a number, subscribers reconnect, and are live after so many results."""
        self.pool.disconnects_expected = results_until_live is None
        if results_until_live is not None:
            self.pool.reconnects, self.pool.results_until_live = True, results_until_live
        return {}

    async def wait_reconnected(self, seconds: float) -> CommandResult:
        """Wait until all are live again, and return when the last one was (`perf_counter`)."""
        await self.pool.live.wait_for(len(self.pool), seconds)
        self.pool.reconnects = False
        return {"at": self.pool.last_live_at}

    async def state(self) -> CommandResult:
        codes = {str(code): count for code, count in self.pool.close_codes.items()}
        return {"live": self.pool.live.value, "close_codes": codes}

    async def publish(self, moves: int) -> CommandResult:
        """Move so many sessions, and wait until all subscribers know."""
        expected = self.pool.delivered.value + moves * len(self.pool)
        for _ in range(moves):
            await self._move()
        await self.pool.delivered.wait_for(expected, DELIVERY_TIMEOUT)
        return {}

    async def saturate(self, seconds: float, window: int) -> CommandResult:
        """Move sessions in a closed loop: the next when all results of the move `window` before it have arrived."""
        pool, moves, first = self.pool, 0, self.pool.delivered.value
        started, cpu_before = perf_counter(), process_time()

        async def publisher() -> None:
            nonlocal moves
            while perf_counter() < started + seconds:
                moves += 1
                expected = first + moves * len(pool)
                await self._move()
                await pool.delivered.wait_for(expected, DELIVERY_TIMEOUT)

        publishers = [asyncio.create_task(publisher()) for _ in range(window)]
        await asyncio.sleep(seconds)
        result = _timing(started, cpu_before) | {"delivered": pool.delivered.value - first}
        await asyncio.gather(*publishers)
        return result | {"all_delivered": pool.delivered.value - first}

    async def paced(self, seconds: float, rate: float) -> CommandResult:
        """Move sessions in an open loop, and return latency percentiles. Results of refused moves count as infinite."""
        pool, first, count = self.pool, self.pool.delivered.value, round(seconds * rate)
        latencies = array("d")
        started, cpu_before = perf_counter(), process_time()

        async def move(at: float) -> bool:
            await asyncio.sleep(at - perf_counter())
            try:
                await self._move(at)
            except UnexpectedResponse:
                return False
            return True

        def listener(received: bytes, start: int, end: int) -> None:
            latencies.append(delivery_latency(received, start, end, perf_counter()))

        pool.listener = listener
        try:
            moved = sum(await asyncio.gather(*(move(started + number / rate) for number in range(count))))
            result = _timing(started, cpu_before)
            await pool.delivered.wait_for(first + moved * len(pool), DELIVERY_TIMEOUT)
        finally:
            pool.listener = None
        latencies.extend([inf] * ((count - moved) * len(pool)))
        return result | {
            "refused": count - moved,
            "p50": percentile(latencies, 0.5),
            "p99": percentile(latencies, 0.99),
        }

    async def _move(self, at: float | None = None) -> None:
        # perf_counter is shared by all processes of a machine, so a receiver can compute the age of a move.
        assert self._client is not None, "open comes first"
        session = self._sessions[self._moves % len(self._sessions)]
        self._moves += 1
        path = [f"at-{(perf_counter() if at is None else at) * 1e9:.0f}"]
        await self._client.execute(MOVE_MUTATION, {"id": session, "path": path})


def _timing(started: float, cpu_before: float) -> CommandResult:
    seconds = perf_counter() - started
    return {"seconds": seconds, "busy": (process_time() - cpu_before) / seconds}
