"""Graceful shutdown with open streams, on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from structlog.testing import capture_logs

from tests.polling import TIMEOUT_SECONDS, wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.asgi_client import fake_endpoint
from tests.transport.subscriptions.fake_source import FakeLog
from transport import GraphQLEndpoint
from transport.server.server import Drainable, Server, uvicorn_options

STREAMS = 500
REQUEST = (
    b"GET /graphql?query=subscription%20S{event{number%20text(size:SIZE)}} HTTP/1.1\r\n"
    b"Host: localhost\r\nAccept: text/event-stream\r\n\r\n"
)


@asynccontextmanager
async def run_server(
    app: GraphQLEndpoint, drainable: Drainable | None = None
) -> AsyncIterator[tuple[int, Server, "asyncio.Task[None]"]]:
    config = uvicorn.Config(
        Starlette(routes=[Route("/graphql", app)]), **uvicorn_options() | {"loop": "asyncio", "lifespan": "off"}
    )
    server = Server(config, lambda: None, drainable or app.streams)
    listening = socket.create_server(("127.0.0.1", 0), backlog=STREAMS)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1], server, task
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, TIMEOUT_SECONDS)


class CustomDrainable:
    def __init__(self, close: Callable[[float], Awaitable[None]]) -> None:
        self._close = close

    async def close(self, seconds: float) -> int:
        await self._close(seconds)
        return 0

    def abort(self) -> None: ...


class Client:
    def __init__(self, port: int, size: int = 10) -> None:
        self._port = port
        self._size = size

    async def __aenter__(self) -> asyncio.StreamReader:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        self._writer.write(REQUEST.replace(b"SIZE", str(self._size).encode()))
        await reader.readuntil(b"\r\n\r\n")
        return reader

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


async def connect_clients(clients: AsyncExitStack, port: int, log: FakeLog, number: int) -> list[asyncio.StreamReader]:
    readers: list[asyncio.StreamReader] = []
    while len(readers) < number:
        readers.append(await clients.enter_async_context(Client(port)))
        await wait_until(lambda: log.closed_count == len(readers))
    return readers


async def test_server_shutdown_closes_five_hundred_streams(log: FakeLog) -> None:
    app = fake_endpoint(log)
    asked: list[float] = []

    async def close(seconds: float) -> None:
        asked.append(seconds)
        await app.streams.close(0.1)

    async with AsyncExitStack() as clients, run_server(app, CustomDrainable(close)) as (port, server, task):
        readers = await connect_clients(clients, port, log, STREAMS)
        server.should_exit = True
        async with asyncio.timeout(TIMEOUT_SECONDS):
            ends = await asyncio.gather(*(reader.read() for reader in readers))
            await task
    assert asked == [2.0]
    assert all(b": the server ends this stream" in end and b"complete" not in end for end in ends)
    assert not app.streams.subscriptions
    assert not app.streams.groups


async def test_streams_are_closed_spread_over_the_drain_window(log: FakeLog) -> None:
    app = fake_endpoint(log)
    times: list[float] = []
    loop = asyncio.get_running_loop()

    async def read(reader: asyncio.StreamReader) -> None:
        await reader.readuntil(b": the server")
        times.append(loop.time())

    async with AsyncExitStack() as clients, run_server(app) as (port, _, _):
        readers = await connect_clients(clients, port, log, 4)
        started_at = loop.time()
        reading = asyncio.gather(*(read(reader) for reader in readers))
        await app.streams.close(0.2)
        await reading
    assert all(moment - started_at >= place * 0.04 for place, moment in enumerate(times))


async def test_draining_server_refuses_subscriptions_and_connections(log: FakeLog) -> None:
    app = fake_endpoint(log)
    refused: list[bytes] = []

    async def close(_seconds: float) -> None:
        await app.streams.close(0)
        writer.write(REQUEST.replace(b"SIZE", b"1"))
        refused.append(await reader.readuntil(b"\r\n\r\n"))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    async with run_server(app, CustomDrainable(close)) as (port, _, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /graphql?query={hello} HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b'"hello anybody"}}')
    writer.close()
    assert refused[0].startswith(b"HTTP/1.1 503 ")


async def test_only_the_slow_consumer_is_disconnected(log: FakeLog) -> None:
    app = fake_endpoint(log, with_limits(stream_stall_seconds=0.5))
    with capture_logs() as logged:
        async with run_server(app) as (port, server, _), Client(port, 100_000) as stuck:
            stuck._transport.pause_reading()  # type: ignore[attr-defined]  # asyncio would buffer input
            async with Client(port, 1) as reader:
                await wait_until(lambda: log.closed_count == 2)
                while len(app.streams.subscriptions) == 2:
                    log.append()
                    await reader.readuntil(b"\n\n")
                    assert app.streams.queued_bytes <= 1024 * 1024
                await wait_until(lambda: len(server.server_state.connections) == 1)
                log.append()
                assert b"event: next" in await reader.readuntil(b"id: %d\n" % log.length)
    assert [line["outcome"] for line in logged if "outcome" in line] == ["too slow", "gone"]
