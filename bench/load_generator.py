"""A closed-loop HTTP/1.1 load generator: one core of it must saturate more than one core of a server.

Each connection sends its next request, encoded beforehand, as soon as the response before it is complete. Responses
must carry a Content-Length. For loopback only.
"""

import asyncio
import math
import re
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter, process_time
from typing import Any, Final, cast

import orjson

HOST: Final = "127.0.0.1"
GRACE_SECONDS: Final = 30.0
"""Time for the last responses after the end of a run."""
_CONTENT_LENGTH: Final = re.compile(rb"\r\ncontent-length:\s*(\d+)\r\n", re.IGNORECASE)

ResponseCheck = Callable[[bytes], bool]
"""Whether a body with status 200 is a valid response. Called for each one, so it must be quick."""


class LoadFailed(Exception):
    """A connection broke, or a response was not the HTTP that this client reads."""


class UnexpectedResponse(LoadFailed):
    """A response was HTTP, but not the expected one."""


@dataclass
class LoadResult:
    """What a run gave. Latencies, in seconds, are those of valid responses."""

    seconds: float
    failures: int = 0
    responses: int = 0
    """All, also those after the end of the time."""
    client_cpu_seconds: float = 0.0
    latencies: "array[float]" = field(default_factory=lambda: array("d"))

    @property
    def rate(self) -> float:
        """Valid responses per second."""
        return len(self.latencies) / self.seconds


def percentile(values: Collection[float], fraction: float) -> float:
    """Return the smallest value that at least `fraction` (0 to 1) of the values do not exceed; 0 of none."""
    return sorted(values)[max(0, math.ceil(len(values) * fraction) - 1)] if values else 0.0


def encode_request(port: int, document: str, variables: dict[str, Any] | None = None) -> bytes:
    body = orjson.dumps({"query": document} | ({"variables": variables} if variables else {}))
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def parse_response(received: bytes) -> tuple[int, bytes] | None:
    """Return status and body of a complete response; None while it is incomplete. Raises LoadFailed."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = _CONTENT_LENGTH.search(received, 0, end + 2)
    if length is None or not received.startswith(b"HTTP/1.1 "):
        raise LoadFailed(f"not an HTTP/1.1 response with a Content-Length: {received[:end]!r}")
    if len(received) < end + 4 + int(length[1]):
        return None
    return int(received[9:12]), received[end + 4 :]


async def run_closed_loop(
    port: int, request_streams: Sequence[Iterable[bytes]], is_valid: ResponseCheck, seconds: float
) -> LoadResult:
    """Send each stream of requests over a connection of its own until it is exhausted or the time is up.

    Responses after that time are awaited, not counted. Raises LoadFailed.
    """
    result = LoadResult(seconds)
    connections: list[_Connection] = []
    try:
        for requests in request_streams:
            make_connection = partial(_Connection, iter(requests), is_valid, result)
            _, connection = await asyncio.get_running_loop().create_connection(make_connection, HOST, port)
            connections.append(connection)
        started, cpu_before = perf_counter(), process_time()
        for connection in connections:
            connection.start(started + seconds)
        async with asyncio.timeout(seconds + GRACE_SECONDS):
            await asyncio.gather(*(connection.done for connection in connections))
    except TimeoutError:
        raise LoadFailed(f"no response within {GRACE_SECONDS:g} seconds") from None
    except OSError as error:
        raise LoadFailed(f"no connection to the server: {error}") from None
    finally:
        for connection in connections:
            connection.close()
    result.seconds = min(seconds, perf_counter() - started)
    result.client_cpu_seconds = process_time() - cpu_before
    return result


class ResponseProtocol(asyncio.Protocol, ABC):
    """A connection on which each request is answered before the next is sent."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Transports of uvloop are not instances of asyncio.Transport.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            if (response := parse_response(self._received)) is not None:
                self._received = b""
                self.on_response(*response)
        except LoadFailed as error:
            self.on_failure(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self.on_failure(LoadFailed(f"the server closed a connection: {exc or 'no reason given'}"))

    @abstractmethod
    def on_response(self, status: int, body: bytes) -> None: ...

    @abstractmethod
    def on_failure(self, error: LoadFailed) -> None: ...


class _Connection(ResponseProtocol):
    def __init__(self, requests: Iterator[bytes], is_valid: ResponseCheck, result: LoadResult) -> None:
        super().__init__()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._is_valid = is_valid
        self._result = result
        self._sent_at = self._deadline = 0.0

    def start(self, deadline: float) -> None:
        """Send the first request. The last one leaves before `deadline` (`perf_counter`)."""
        self._deadline = deadline
        self._send(perf_counter())

    def close(self) -> None:
        self.done.cancel()
        if self.transport is not None:
            self.transport.close()

    def on_response(self, status: int, body: bytes) -> None:
        now = perf_counter()
        self._result.responses += 1
        if now <= self._deadline:
            if status == 200 and self._is_valid(body):
                self._result.latencies.append(now - self._sent_at)
            else:
                self._result.failures += 1
        self._send(now)

    def _send(self, now: float) -> None:
        request = next(self._requests, None) if now < self._deadline else None
        if request is not None and self.transport is not None:
            self._sent_at = now
            self.transport.write(request)
        elif not self.done.done():
            self.done.set_result(None)

    def on_failure(self, error: LoadFailed) -> None:
        if not self.done.done():
            self.done.set_exception(error)
