"""A server with live subscribers, and the sessions that move while they watch."""

import asyncio
import re
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from math import inf
from time import perf_counter, process_time
from typing import Any, Final, NamedTuple

from bench.http_client import HttpClient
from bench.load_generator import LoadFailed, UnexpectedResponse
from bench.servers import Server
from bench.subscribers.pool import SseSubscriber, SubscriberPool, WebSocketSubscriber

DELIVERY_TIMEOUT: Final = 60.0
"""Seconds in which the last results must arrive."""
TRANSPORTS: Final = {"websocket": WebSocketSubscriber, "sse": SseSubscriber}
MOVE_MUTATION: Final = """mutation Move($id: ID!, $path: [String!]) {
  keepaliveSession(input: {id: $id, path: $path}) { session { id } problems { code } }
}"""

_TIMESTAMP: Final = re.compile(rb'"at-(\d+)"')


class Deliveries(NamedTuple):
    """Results that arrived in time and in all, and which share of its core this process needed."""

    in_time: int
    total: int
    seconds: float
    busy: float


class SubscribedServer:
    """All methods raise LoadFailed."""

    def __init__(self, server: Server, pool: SubscriberPool) -> None:
        self.server = server
        self.pool = pool
        self._client = HttpClient(server.port)
        self._moves = 0

    async def close(self) -> None:
        self.pool.close()
        await self._client.close()

    async def publish(self, moves: int) -> None:
        """Move so many sessions, and wait until all subscribers know."""
        expected = self.pool.delivered.value + moves * len(self.pool)
        for _ in range(moves):
            await self._move()
        await self.pool.delivered.wait_for(expected, DELIVERY_TIMEOUT)

    async def saturate(self, seconds: float, window: int) -> Deliveries:
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
        elapsed, in_time = perf_counter() - started, pool.delivered.value - first
        busy = (process_time() - cpu_before) / elapsed
        await asyncio.gather(*publishers)
        return Deliveries(in_time, pool.delivered.value - first, elapsed, busy)

    async def paced(self, seconds: float, rate: float) -> tuple["array[float]", int, float]:
        """Move sessions in an open loop. Returns latencies, refused moves (infinitely late), and the load."""
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
            timestamp = _TIMESTAMP.search(received, start, end)
            if timestamp is None:
                raise LoadFailed(f"a result without a timestamp: {received[start:end][:500]!r}")
            latencies.append(perf_counter() - int(timestamp[1]) / 1e9)

        pool.listener = listener
        try:
            moved = sum(await asyncio.gather(*(move(started + number / rate) for number in range(count))))
            busy = (process_time() - cpu_before) / (perf_counter() - started)
            await pool.delivered.wait_for(first + moved * len(pool), DELIVERY_TIMEOUT)
        finally:
            pool.listener = None
        latencies.extend([inf] * ((count - moved) * len(pool)))
        return latencies, count - moved, busy

    async def _move(self, at: float | None = None) -> None:
        session = self.server.sessions[self._moves % len(self.server.sessions)]
        self._moves += 1
        path = [f"at-{(perf_counter() if at is None else at) * 1e9:.0f}"]
        await self._client.execute(MOVE_MUTATION, {"id": session, "path": path})


@asynccontextmanager
async def subscribed(
    server: Server, documents: Sequence[Mapping[str, Any]], count: int, transport: str = "websocket"
) -> AsyncIterator[SubscribedServer]:
    """Keep `count` live subscribers of a server. Raises LoadFailed."""
    target = SubscribedServer(server, SubscriberPool(server.port, documents, count, TRANSPORTS[transport]))
    try:
        await target.pool.open(DELIVERY_TIMEOUT + count / 50)
        yield target
    finally:
        await target.close()
