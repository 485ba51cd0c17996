"""An open-loop HTTP/1.1 load generator: requests leave at a fixed rate, whether those before are answered or not.

That is how independent clients behave: a server that falls behind gets no rest. A latency counts from the moment at
which its request was due, so waiting for a connection counts, too.
"""

import asyncio
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
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


async def run_open_loop(port: int, requests: Iterator[bytes], rate: float, seconds: float) -> OpenLoopResult:
    """Send `rate` requests per second over as many connections as that needs."""
    pool = _ConnectionPool(port, OpenLoopResult(seconds))
    started = perf_counter()
    for number in range(round(rate * seconds)):
        due = started + number / rate
        if (pause := due - perf_counter()) > 0:
            await asyncio.sleep(pause)
        pool.send(next(requests), due)
    await pool.close()
    return pool.result


class _ConnectionPool:
    def __init__(self, port: int, result: OpenLoopResult) -> None:
        self.idle: list[_Connection] = []
        self.result = result
        self._port = port
        self._running: set[asyncio.Task[None]] = set()

    def send(self, request: bytes, due: float) -> None:
        if self.idle:
            task = asyncio.create_task(self.idle.pop().exchange(request, due))
        else:
            task = asyncio.create_task(self._connect(request, due))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        if self._running:
            _, unanswered = await asyncio.wait(self._running, timeout=GRACE_SECONDS)
            self.result.failures += len(unanswered)
            for task in unanswered:
                task.cancel()
            await asyncio.gather(*unanswered, return_exceptions=True)
        for connection in self.idle:
            connection.abort()

    async def _connect(self, request: bytes, due: float) -> None:
        try:
            connect = asyncio.get_running_loop().create_connection
            _, connection = await connect(lambda: _Connection(self), HOST, self._port)
        except OSError:
            self.result.failures += 1
        else:
            await connection.exchange(request, due)

    def record(self, status: int, body: bytes, latency: float) -> None:
        if any(code in body for code in REFUSALS):
            self.result.refused.append(latency)
        elif status == 200 and b'"errors"' not in body and b'"code"' not in body:
            self.result.accepted.append(latency)
        else:
            self.result.failures += 1


class _Connection(ResponseProtocol):
    def __init__(self, pool: _ConnectionPool) -> None:
        super().__init__()
        self._pool = pool
        self._response: asyncio.Future[tuple[int, bytes]] | None = None

    async def exchange(self, request: bytes, due: float) -> None:
        """Send a request and record its response."""
        if self.transport is None:
            self._pool.result.failures += 1
            return
        self._response = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        try:
            status, body = await self._response
        except LoadFailed:
            self._pool.result.failures += 1
        except asyncio.CancelledError:
            self.abort()
            raise
        else:
            self._pool.record(status, body, perf_counter() - due)
            self._pool.idle.append(self)
        finally:
            self._response = None

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def on_response(self, status: int, body: bytes) -> None:
        if self._response is not None and not self._response.done():
            self._response.set_result((status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self in self._pool.idle:
            self._pool.idle.remove(self)
        super().connection_lost(exc)

    def on_failure(self, error: LoadFailed) -> None:
        if self._response is not None and not self._response.done():
            self._response.set_exception(error)
