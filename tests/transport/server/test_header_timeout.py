"""Connections that do not come to the point, on real sockets. Patience is cut short, so nobody waits for it."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from transport.server.http_protocol import MAX_HEADER_BYTES, HttpProtocol
from transport.server.server import uvicorn_options


class NoHeaderTimeProtocol(HttpProtocol):
    """Gives up at once."""

    header_timeout_seconds = 0.0


async def hello(request: Request) -> Response:
    await request.body()
    return PlainTextResponse("hello")


async def _serve(protocol: type[HttpProtocol]) -> AsyncIterator[int]:
    app = Starlette(routes=[Route("/", hello, methods=["GET", "POST"])])
    config = uvicorn.Config(app, **uvicorn_options() | {"http": protocol, "loop": "asyncio", "lifespan": "off"})
    server = uvicorn.Server(config)
    # It listens from here on: who connects before the server has started waits in the queue.
    listening = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    yield listening.getsockname()[1]
    server.should_exit = True
    await task


@pytest.fixture
async def patient() -> AsyncIterator[int]:
    """The port of a server with its usual patience."""
    async for port in _serve(HttpProtocol):
        yield port


@pytest.fixture
async def hasty() -> AsyncIterator[int]:
    """The port of a server without patience."""
    async for port in _serve(NoHeaderTimeProtocol):
        yield port


async def exchange(port: int, sent: bytes) -> bytes:
    """All that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await reader.read()
    except ConnectionResetError:  # the server closed before it had read everything
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("sent", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
async def test_headers_that_do_not_come_close_the_connection(hasty: int, sent: bytes) -> None:
    assert await exchange(hasty, sent) == b""


async def test_patience_ends_between_two_requests_too(hasty: int) -> None:
    sent = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT"
    assert (await exchange(hasty, sent)).count(b"hello") <= 1


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * (MAX_HEADER_BYTES + 100),
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * MAX_HEADER_BYTES + b"\r\n\r\n",
        b"GET /?" + b"a" * MAX_HEADER_BYTES + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 40_000,
    ],
)
async def test_headers_over_64_kib_are_refused(patient: int, sent: bytes) -> None:
    answer = await exchange(patient, sent)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert b"hello" not in answer


async def test_long_headers_below_the_limit_are_read(patient: int) -> None:
    sent = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: " + b"a" * 60_000 + b"\r\n\r\n"
    assert (await exchange(patient, sent)).endswith(b"hello")


async def test_a_long_body_is_no_long_header(patient: int) -> None:
    sent = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n" + b"a" * 200_000
    assert (await exchange(patient, sent)).endswith(b"hello")
