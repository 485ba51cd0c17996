"""The endpoint under uvicorn, on real sockets."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from tests.live_server import serve_app
from tests.transport.fake_app import FakeApp, with_limits
from transport import TransportSettings

HEAD = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def serve(fake_app: FakeApp, settings: TransportSettings) -> AbstractAsyncContextManager[int]:
    return serve_app(Starlette(routes=[Route("/graphql", fake_app.endpoint(settings))]))


async def exchange(port: int, *chunks: bytes) -> bytes:
    """Send chunks, and read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_closed_socket_cancels_operation(fake_app: FakeApp) -> None:
    async with serve(fake_app, with_limits()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = b'{"query":"{slow}"}'
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await fake_app.slow_started.wait()
        writer.close()
        await writer.wait_closed()
        await fake_app.slow_cancelled.wait()
        assert await reader.read() == b""


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([HEAD + b"Content-Length: 20\r\n\r\n", b'{"query":'], b"408"),
        ([HEAD + b"Content-Length: 5000\r\n\r\n", b"{"], b"413"),
        ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b" " * 1024 + b"\r\n"], b"413"),
    ],
)
async def test_bad_body_gets_response_and_closed_connection(
    fake_app: FakeApp, pieces: list[bytes], status: bytes
) -> None:
    async with serve(fake_app, with_limits(body_idle_seconds=0.05, body_bytes=1000)) as port:
        answer = await exchange(port, *pieces)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"BAD_REQUEST" in answer


async def test_connection_serves_many_operations(fake_app: FakeApp) -> None:
    body = b'{"query":"{hello}"}'
    request = HEAD + b"Content-Length: %d\r\n" % len(body)
    async with serve(fake_app, with_limits()) as port:
        answer = await exchange(port, *[request + b"\r\n" + body] * 3, request + b"Connection: close\r\n\r\n" + body)
    assert answer.count(b"HTTP/1.1 200") == 4
    assert (fake_app.contexts_opened, fake_app.contexts_closed) == (4, 4)
