"""Responses that precede the end of the request, on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from tests.live_server import run_app
from tests.polling import TIMEOUT_SECONDS
from tests.transport.fake_app import FakeApp, with_limits
from transport.server.http_protocol import MAX_HEADER_BYTES, HttpProtocol

HEAD = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LONG = 20_000_000


class ShortLingering(HttpProtocol):
    linger_seconds = 0.0

    def on_response_complete(self) -> None:
        self.header_timeout_seconds = 0.0
        super().on_response_complete()


class LongLingering(HttpProtocol):
    linger_seconds = 3_600.0
    header_timeout_seconds = 3_600.0


@asynccontextmanager
async def serve(fake_app: FakeApp, protocol: type[HttpProtocol]) -> AsyncIterator[int]:
    app = Starlette(routes=[Route("/graphql", fake_app.endpoint(with_limits(body_bytes=1_000)))])
    async with asyncio.timeout(TIMEOUT_SECONDS), run_app(app, http=protocol) as (port, _):
        yield port


def send_then_receive(port: int, *chunks: bytes) -> bytes:
    """Send everything, then read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        for chunk in chunks:
            connection.sendall(chunk)
        answer = bytearray()
        while chunk := connection.recv(65536):
            answer += chunk
    return bytes(answer)


@pytest.mark.parametrize(
    "chunks",
    [
        [HEAD + b"Content-Length: %d\r\n\r\n" % LONG, b" " * LONG],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", (b"10000\r\n" + b" " * 65536 + b"\r\n") * 300],
    ],
)
async def test_client_that_reads_late_gets_response(fake_app: FakeApp, chunks: list[bytes]) -> None:
    async with serve(fake_app, LongLingering) as port:
        answer = await asyncio.to_thread(send_then_receive, port, *chunks)
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.endswith(b"}")
    assert answer.count(b"HTTP/1.1") == 1


async def test_client_with_endless_headers_gets_response(fake_app: FakeApp) -> None:
    async with serve(fake_app, LongLingering) as port:
        answer = await asyncio.to_thread(send_then_receive, port, HEAD + b"X: " + b"x" * 16_000_000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431")
    assert answer.count(b"HTTP/1.1") == 1
    assert MAX_HEADER_BYTES < 16_000_000


async def test_lingering_is_bounded_in_bytes(fake_app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transport.server.lingering_close.MAX_DISCARD_BYTES", 1_000_000)
    async with serve(fake_app, LongLingering) as port:
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            await asyncio.to_thread(
                send_then_receive, port, HEAD + b"Content-Length: 9000000000\r\n\r\n", *[b" " * 1_000_000] * 1_000
            )


async def test_lingering_is_bounded_in_time(fake_app: FakeApp) -> None:
    async with serve(fake_app, ShortLingering) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"Content-Length: 5000\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 413")
        # The client keeps its side open: only the server can have closed the connection.
        await wait_closed(writer)


async def wait_closed(writer: asyncio.StreamWriter) -> None:
    """Send until the server resets the connection."""
    try:
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0)
    except ConnectionError:
        return


async def test_answered_request_has_time_limit(fake_app: FakeApp) -> None:
    async with serve(fake_app, ShortLingering) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 415")
        writer.close()
        await writer.wait_closed()


async def test_body_after_response_keeps_connection_open(fake_app: FakeApp) -> None:
    head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n"
    async with serve(fake_app, LongLingering) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 415")
        writer.write(b" " * 500 + head + b"Connection: close\r\n\r\n" + b" " * 500)
        assert (await reader.read()).count(b"HTTP/1.1 415") == 1
        writer.close()
        await writer.wait_closed()
