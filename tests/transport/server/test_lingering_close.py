"""Answers that come before a request is over, on real sockets: they arrive, and nobody is heard for ever."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from tests.polling import TIMEOUT_SECONDS
from tests.transport.fake_app import FakeApp, with_limits
from transport.server.http_protocol import MAX_HEADER_BYTES, HttpProtocol
from transport.server.server import uvicorn_options

HEAD = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LONG = 20_000_000


class ShortLingering(HttpProtocol):
    """Hears nobody out, and waits for nobody who has been answered."""

    linger_seconds = 0.0

    def on_response_complete(self) -> None:
        self.header_timeout_seconds = 0.0
        super().on_response_complete()


class LongLingering(HttpProtocol):
    """Would wait longer than any test."""

    linger_seconds = 3_600.0
    header_timeout_seconds = 3_600.0


@asynccontextmanager
async def serve(fake_app: FakeApp, protocol: type[HttpProtocol]) -> AsyncIterator[int]:
    """A server that takes bodies of 1,000 bytes, on a free port."""
    app = Starlette(routes=[Route("/graphql", fake_app.endpoint(with_limits(body_bytes=1_000)))])
    server = uvicorn.Server(uvicorn.Config(app, **uvicorn_options() | {"http": protocol, "lifespan": "off"}))
    listening = socket.create_server(("127.0.0.1", 0))
    async with asyncio.timeout(TIMEOUT_SECONDS):
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await task


def send_then_receive(port: int, *chunks: bytes) -> bytes:
    """Everything that comes back to somebody who first says everything, then listens, then hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        for chunk in chunks:
            connection.sendall(chunk)
        answer = bytearray()
        while chunk := connection.recv(65536):
            answer += chunk
    return bytes(answer)


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD + b"Content-Length: %d\r\n\r\n" % LONG, b" " * LONG],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", (b"10000\r\n" + b" " * 65536 + b"\r\n") * 300],
    ],
)
async def test_who_sends_all_before_it_listens_has_the_answer(fake_app: FakeApp, pieces: list[bytes]) -> None:
    async with serve(fake_app, LongLingering) as port:
        answer = await asyncio.to_thread(send_then_receive, port, *pieces)
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.endswith(b"}")
    assert answer.count(b"HTTP/1.1") == 1


async def test_who_sends_endless_headers_has_the_answer(fake_app: FakeApp) -> None:
    async with serve(fake_app, LongLingering) as port:
        answer = await asyncio.to_thread(send_then_receive, port, HEAD + b"X: " + b"x" * 16_000_000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431")
    assert answer.count(b"HTTP/1.1") == 1
    assert MAX_HEADER_BYTES < 16_000_000


async def test_nobody_is_heard_longer_than_the_limit(fake_app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transport.server.lingering_close.MAX_DISCARD_BYTES", 1_000_000)
    async with serve(fake_app, LongLingering) as port:
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            await asyncio.to_thread(
                send_then_receive, port, HEAD + b"Content-Length: 9000000000\r\n\r\n", *[b" " * 1_000_000] * 1_000
            )


async def test_nobody_is_heard_for_ever(fake_app: FakeApp) -> None:
    async with serve(fake_app, ShortLingering) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"Content-Length: 5000\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 413")
        # Its own side stays open: only the server can have ended what it waits for.
        await wait_closed(writer)


async def wait_closed(writer: asyncio.StreamWriter) -> None:
    """Wait until the server has hung up for good: it resets who goes on."""
    try:
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0)
    except ConnectionError:
        return


async def test_the_rest_of_a_request_that_was_answered_is_not_waited_for(fake_app: FakeApp) -> None:
    async with serve(fake_app, ShortLingering) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 415")
        writer.close()
        await writer.wait_closed()


async def test_a_request_whose_rest_comes_after_its_answer_leaves_the_connection_open(fake_app: FakeApp) -> None:
    head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n"
    async with serve(fake_app, LongLingering) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 415")
        writer.write(b" " * 500 + head + b"Connection: close\r\n\r\n" + b" " * 500)
        assert (await reader.read()).count(b"HTTP/1.1 415") == 1
        writer.close()
        await writer.wait_closed()
