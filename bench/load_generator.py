"""A lean HTTP/1.1 load client: one core of it must ask for more than one core of a server can answer.

Each connection sends a request, ready made, as soon as the answer to the one before is in (a closed loop). Answers
must carry a Content-Length. For this machine only.
"""

import asyncio
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter, process_time
from typing import Any, Final, cast

import orjson

HOST: Final = "127.0.0.1"
GRACE_SECONDS: Final = 30.0
"""Seconds that the last answers may take once the time is up."""
MAX_RESPONSES: Final = 5_000_000
"""Of one connection, whatever its time."""
_CONTENT_LENGTH: Final = re.compile(rb"\r\ncontent-length:\s*(\d+)\r\n", re.IGNORECASE)

ResponseCheck = Callable[[bytes], bool]
"""Whether the body of an answer is right; called for each one with status 200, so it must be quick."""


class LoadFailed(Exception):
    """A connection broke, or an answer was not HTTP as this client reads it."""


class UnexpectedResponse(LoadFailed):
    """An answer was HTTP, but not the one that was wanted."""


@dataclass
class LoadResult:
    """What one stretch of load gave: answers that were right, those that were not, and seconds from request to
    answer of the right ones. `client_seconds`: processor time that this client itself took."""

    seconds: float
    failures: int = 0
    client_cpu_seconds: float = 0.0
    latencies: "array[float]" = field(default_factory=lambda: array("d"))

    @property
    def rate(self) -> float:
        """Right answers per second."""
        return len(self.latencies) / self.seconds


def encode_request(port: int, document: str, variables: dict[str, Any] | None = None) -> bytes:
    """A GraphQL request over HTTP, ready to be sent."""
    body = orjson.dumps({"query": document} | ({"variables": variables} if variables else {}))
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def parse_response(received: bytes) -> tuple[int, bytes] | None:
    """Status and body of a complete answer; none while a part of it is missing."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = _CONTENT_LENGTH.search(received, 0, end + 2)
    if length is None or not received.startswith(b"HTTP/1.1 "):
        raise LoadFailed(f"not an HTTP/1.1 answer with a Content-Length: {received[:end]!r}")
    if len(received) < end + 4 + int(length[1]):
        return None
    return int(received[9:12]), received[end + 4 :]


async def run_closed_loop(
    port: int, request_streams: Sequence[Iterable[bytes]], is_valid: ResponseCheck, seconds: float
) -> LoadResult:
    """Sends each lane's requests over a connection of its own until they run out or the time is up.

    Answers after that time are awaited, not counted. Raises LoadFailed.
    """
    loop = asyncio.get_running_loop()
    result = LoadResult(seconds)
    connections = [_Connection(iter(requests), is_valid, result, loop.create_future()) for requests in request_streams]
    try:
        for connection in connections:
            await loop.create_connection(partial(_itself, connection), HOST, port)
        started, cpu_before = perf_counter(), process_time()
        for connection in connections:
            connection.start(started + seconds)
        await _wait_all(connections, seconds + GRACE_SECONDS)
    except OSError as error:
        raise LoadFailed(f"no connection to the server: {error}") from None
    finally:
        for connection in connections:
            connection.close()
    result.seconds = min(seconds, perf_counter() - started)
    result.client_cpu_seconds = process_time() - cpu_before
    return result


async def _wait_all(connections: Sequence["_Connection"], seconds: float) -> None:
    """Waits for all lanes, or the first that failed."""
    if not connections:
        return
    done, pending = await asyncio.wait(
        [lane.done for lane in connections], timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
    )
    failures = [error for future in done if (error := future.exception()) is not None]
    if failures:
        raise failures[0]
    if pending:
        raise LoadFailed(f"no answer within {GRACE_SECONDS:g} seconds")


def _itself(lane: "_Connection") -> "_Connection":
    return lane


class _Connection(asyncio.Protocol):
    """One connection, from its first request to its last answer."""

    def __init__(
        self, requests: Iterator[bytes], is_valid: ResponseCheck, result: LoadResult, done: asyncio.Future[None]
    ) -> None:
        self.done = done
        self._requests = requests
        self._is_valid = is_valid
        self._result = result
        self._received = b""
        self._response_count = 0
        self._sent_at = self._deadline = 0.0
        self._transport: asyncio.Transport | None = None

    def start(self, deadline: float) -> None:
        """Sends the first request; the last one leaves before `deadline` (of `perf_counter`)."""
        self._deadline = deadline
        self._send(perf_counter())

    def close(self) -> None:
        """Ends the connection; what happens to it from now on is no failure."""
        self.done.cancel()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's transports are instances of it.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            response = parse_response(self._received)
        except LoadFailed as error:
            self._fail(error)
            return
        if response is not None:
            self._received = b""
            self._on_response(*response, perf_counter())

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(LoadFailed(f"the server closed a connection: {exc or 'no reason given'}"))

    def _on_response(self, status: int, body: bytes, now: float) -> None:
        self._response_count += 1
        if now <= self._deadline:
            if status == 200 and self._is_valid(body):
                self._result.latencies.append(now - self._sent_at)
            else:
                self._result.failures += 1
        self._send(now)

    def _send(self, now: float) -> None:
        request = next(self._requests, None) if now < self._deadline and self._response_count < MAX_RESPONSES else None
        if request is not None and self._transport is not None:
            self._sent_at = now
            self._transport.write(request)
        elif not self.done.done():
            self.done.set_result(None)

    def _fail(self, error: LoadFailed) -> None:
        if not self.done.done():
            self.done.set_exception(error)
