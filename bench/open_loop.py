"""An open-loop HTTP/1.1 load generator: requests leave at a fixed rate, whether those before are answered or not.

That is how independent clients behave: a server that falls behind gets no rest. A latency counts from the moment at
which its request was due, so waiting for a connection counts, too.
"""

import asyncio
from array import array
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from time import perf_counter
from typing import Final

from bench.load_generator import HOST, LoadFailed, ResponseProtocol

GRACE_SECONDS: Final = 30.0
"""Time for the last responses; then they count as failures."""
REFUSALS: Final = (b'"SERVICE_UNAVAILABLE"', b'"RATE_LIMITED"')


@dataclass
class OpenLoopResult:
    """What a run gave. Latencies are in seconds."""

    seconds: float
    accepted: "array[float]" = field(default_factory=lambda: array("d"))
    refused: "array[float]" = field(default_factory=lambda: array("d"))
    """Latencies of refusals, which ask the client to come again later."""
    failures: int = 0
    """Other errors, problems, broken connections, and requests without a response."""
    finished_after: float = 0.0
    """Seconds from the first request to the last response."""


async def run_open_loop(
    port: int, requests: Iterator[bytes], rate: float, seconds: float, connections: int = 0
) -> OpenLoopResult:
    """Send `rate` requests per second over so many connections, opened beforehand; 0: as many as that needs.

    Where all of them are busy, further requests wait for one.
    """
    pool = _ConnectionPool(port, OpenLoopResult(seconds), connections)
    await pool.open(connections)
    started = perf_counter()
    for number in range(round(rate * seconds)):
        due = started + number / rate
        if (pause := due - perf_counter()) > 0:
            await asyncio.sleep(pause)
        pool.send(next(requests), due)
    await pool.close()
    pool.result.finished_after = perf_counter() - started
    return pool.result


class _ConnectionPool:
    def __init__(self, port: int, result: OpenLoopResult, most: int) -> None:
        self.result = result
        self._port = port
        self._most = most or inf
        self._connections: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._waiting: deque[tuple[bytes, float]] = deque()
        """Requests without a connection, and when they were due."""
        self._connecting: set[asyncio.Task[None]] = set()
        self._unanswered = 0
        self._all_answered = asyncio.Event()

    async def open(self, count: int) -> None:
        await asyncio.gather(*(self._connect() for _ in range(count)))

    def send(self, request: bytes, due: float) -> None:
        self._unanswered += 1
        if self._idle:
            self._idle.pop().exchange(request, due)
            return
        self._waiting.append((request, due))
        if len(self._connections) + len(self._connecting) < self._most:
            task = asyncio.create_task(self._connect())
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def close(self) -> None:
        """Wait for the last responses."""
        if self._unanswered:
            self._all_answered.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_answered.wait(), GRACE_SECONDS)
        self.result.failures += self._unanswered
        await asyncio.gather(*self._connecting)
        for connection in self._connections:
            connection.abort()

    async def _connect(self) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self), HOST, self._port
            )
        except OSError:
            if self._waiting:
                self._waiting.popleft()
                self.fail()
        else:
            self._connections.add(connection)
            self.release(connection)

    def release(self, connection: "_Connection") -> None:
        """Give a connection its next request."""
        if self._waiting:
            connection.exchange(*self._waiting.popleft())
        else:
            self._idle.append(connection)

    def record(self, status: int, body: bytes, latency: float) -> None:
        if any(code in body for code in REFUSALS):
            self.result.refused.append(latency)
        elif status == 200 and b'"errors"' not in body and b'"code"' not in body:
            self.result.accepted.append(latency)
        else:
            self.result.failures += 1
        self._on_answer()

    def fail(self) -> None:
        self.result.failures += 1
        self._on_answer()

    def drop(self, connection: "_Connection") -> None:
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _on_answer(self) -> None:
        self._unanswered -= 1
        if not self._unanswered:
            self._all_answered.set()


class _Connection(ResponseProtocol):
    def __init__(self, pool: _ConnectionPool) -> None:
        super().__init__()
        self._pool = pool
        self._due: float | None = None
        """When its request was due; None: it has none."""

    def exchange(self, request: bytes, due: float) -> None:
        assert self.transport is not None, "it is connected"
        self._due = due
        self.transport.write(request)

    def abort(self) -> None:
        self._due = None
        if self.transport is not None:
            self.transport.abort()

    def on_response(self, status: int, body: bytes) -> None:
        if self._due is not None:
            self._pool.record(status, body, perf_counter() - self._due)
            self._due = None
            self._pool.release(self)

    def on_failure(self, error: LoadFailed) -> None:  # noqa: ARG002 - counted, not shown
        """Drop a connection that has broken, or that received something else than a response."""
        self._pool.drop(self)
        if self._due is not None:
            self._due = None
            self._pool.fail()
        self.abort()
