"""Clients that take nothing of their answer, on real sockets. Patience is cut short: nobody waits for it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.polling import TIMEOUT_SECONDS, wait_until
from transport.server.http_protocol import HttpProtocol
from transport.server.server import uvicorn_options

CHUNK_BYTES = 100_000


class ShortWriteTimeout(HttpProtocol):
    """Gives up soon on those who take nothing, and on nobody else."""

    write_timeout_seconds = 0.05
    timeout_keep_alive = 3_600
    header_timeout_seconds = 3_600.0


async def fixed_length(request: Request) -> Response:
    """As many letters as are asked for."""
    return Response(b"x" * int(request.query_params["length"]))


async def endless_stream(_: Request) -> Response:
    """A stream that goes on for as long as anybody listens."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * CHUNK_BYTES
            await asyncio.sleep(0)

    return StreamingResponse(endless())


@asynccontextmanager
async def serve(protocol: type[HttpProtocol]) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """A server on a free port."""
    app = Starlette(routes=[Route("/answer", fixed_length), Route("/pieces", endless_stream)])
    server = uvicorn.Server(uvicorn.Config(app, **uvicorn_options() | {"http": protocol, "lifespan": "off"}))
    listening = socket.create_server(("127.0.0.1", 0))
    async with asyncio.timeout(TIMEOUT_SECONDS):
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1], server
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def open_socket(port: int, target: str) -> AsyncIterator[socket.socket]:
    """A client that asks, and reads nothing by itself."""
    loop = asyncio.get_running_loop()
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield client


@pytest.mark.parametrize("length", [5_000_000, 300_000, 250_000, 180_000])
async def test_who_takes_nothing_of_an_answer_is_cut_off_however_little_is_left(length: int) -> None:
    async with serve(ShortWriteTimeout) as (port, server), open_socket(port, f"/answer?length={length}"):
        await wait_until(lambda: server.server_state.total_requests)
        await wait_until(lambda: not server.server_state.connections)


async def test_who_takes_nothing_of_a_stream_is_cut_off() -> None:
    async with serve(ShortWriteTimeout) as (port, server), open_socket(port, "/pieces"):
        await wait_until(lambda: server.server_state.tasks)
        await wait_until(lambda: not server.server_state.connections and not server.server_state.tasks)


async def test_who_takes_a_little_again_and_again_gets_everything() -> None:
    loop = asyncio.get_running_loop()
    async with serve(ShortWriteTimeout) as (port, server), open_socket(port, "/answer?length=1000000") as opened:
        got = 0
        while got < 1_000_000:
            got += len(await loop.sock_recv(opened, 4096))
            # As slowly as may be: till there is nothing to do but to send more.
            await asyncio.sleep(0)
        assert server.server_state.connections


async def test_an_answer_that_was_taken_leaves_the_connection_as_it_was() -> None:
    async with serve(ShortWriteTimeout) as (port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"GET /answer?length=400000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(400_000) == b"x" * 400_000
        (connection,) = server.server_state.connections
        assert isinstance(connection, ShortWriteTimeout)
        assert connection._write_timeout._timer is None
        writer.close()
