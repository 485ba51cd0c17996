"""Write timeouts of clients that read nothing, on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.live_server import run_app
from tests.polling import TIMEOUT_SECONDS, wait_until
from transport.server.http_protocol import HttpProtocol

CHUNK_BYTES = 100_000


class ShortWriteTimeout(HttpProtocol):
    write_timeout_seconds = 0.05
    timeout_keep_alive = 3_600
    header_timeout_seconds = 3_600.0


async def fixed_length(request: Request) -> Response:
    return Response(b"x" * int(request.query_params["length"]))


async def endless_stream(_: Request) -> Response:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * CHUNK_BYTES
            await asyncio.sleep(0)

    return StreamingResponse(endless())


APP = Starlette(routes=[Route("/fixed", fixed_length), Route("/endless", endless_stream)])


@asynccontextmanager
async def open_socket(port: int, target: str) -> AsyncIterator[socket.socket]:
    """Send a request, and read nothing."""
    loop = asyncio.get_running_loop()
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield client


@pytest.mark.parametrize("length", [5_000_000, 300_000, 250_000, 180_000])
async def test_client_that_reads_nothing_is_disconnected(length: int) -> None:
    async with run_app(APP, http=ShortWriteTimeout) as (port, server), open_socket(port, f"/fixed?length={length}"):
        await wait_until(lambda: server.server_state.total_requests)
        await wait_until(lambda: not server.server_state.connections)


async def test_client_that_reads_no_stream_is_disconnected() -> None:
    async with run_app(APP, http=ShortWriteTimeout) as (port, server), open_socket(port, "/endless"):
        await wait_until(lambda: server.server_state.tasks)
        await wait_until(lambda: not server.server_state.connections and not server.server_state.tasks)


async def test_slow_reader_gets_whole_response() -> None:
    loop = asyncio.get_running_loop()
    async with (
        asyncio.timeout(TIMEOUT_SECONDS),
        run_app(APP, http=ShortWriteTimeout) as (port, server),
        open_socket(port, "/fixed?length=1000000") as client,
    ):
        got = 0
        while got < 1_000_000:
            got += len(await loop.sock_recv(client, 4096))
            # As slowly as possible: the server runs until it has nothing left to do.
            await asyncio.sleep(0)
        assert server.server_state.connections


async def test_read_response_stops_write_timeout() -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS), run_app(APP, http=ShortWriteTimeout) as (port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"GET /fixed?length=400000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(400_000) == b"x" * 400_000
        (connection,) = server.server_state.connections
        assert isinstance(connection, ShortWriteTimeout)
        assert connection._write_timeout._timer is None
        writer.close()
