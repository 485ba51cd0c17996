"""Time and size limits of HTTP headers, on real sockets."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.live_server import run_app
from tests.polling import TIMEOUT_SECONDS
from transport.server.http_protocol import MAX_HEADER_BYTES, HttpProtocol


class NoHeaderTime(HttpProtocol):
    header_timeout_seconds = 0.0


async def hello(request: Request) -> Response:
    await request.body()
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", hello, methods=["GET", "POST"])])


async def exchange(sent: bytes, protocol: type[HttpProtocol] = HttpProtocol) -> bytes:
    """Send a request and read until the server closes the connection."""
    async with asyncio.timeout(TIMEOUT_SECONDS), run_app(APP, http=protocol) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(sent)
            return await reader.read()
        except ConnectionResetError:  # the server closed before it had read everything
            return b""
        finally:
            writer.close()


@pytest.mark.parametrize("sent", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
async def test_incomplete_headers_close_connection(sent: bytes) -> None:
    assert await exchange(sent, NoHeaderTime) == b""


async def test_header_timeout_applies_to_further_requests() -> None:
    sent = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT"
    assert (await exchange(sent, NoHeaderTime)).count(b"hello") <= 1


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * (MAX_HEADER_BYTES + 100),
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * MAX_HEADER_BYTES + b"\r\n\r\n",
        b"GET /?" + b"a" * MAX_HEADER_BYTES + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 40_000,
    ],
)
async def test_headers_over_64_kib_are_refused(sent: bytes) -> None:
    answer = await exchange(sent)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert b"hello" not in answer


async def test_long_headers_within_limit_are_accepted() -> None:
    sent = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: " + b"a" * 60_000 + b"\r\n\r\n"
    assert (await exchange(sent)).endswith(b"hello")


async def test_long_body_does_not_count_as_header() -> None:
    sent = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n" + b"a" * 200_000
    assert (await exchange(sent)).endswith(b"hello")
