"""Connections are freed by reference counting."""

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tests.polling import wait_until
from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer
from transport.server.http_protocol import HttpProtocol
from transport.server.websocket_protocol import WebSocketProtocol
from transport.subscriptions.subscriber import SubscriberStream
from transport.websocket.handler import ConnectionHandler

CLIENTS = 5


@pytest.fixture
def gc_disabled() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def living() -> dict[str, int]:
    kinds = (HttpProtocol, RequestResponseCycle, WebSocketProtocol, ConnectionHandler, SubscriberStream)
    there = gc.get_objects()
    found = Counter(type(each) for each in there)
    there.clear()  # the list contains this frame, a cycle
    return {kind.__name__: found[kind] for kind in kinds}


@pytest.mark.usefixtures("gc_disabled")
async def test_websocket_connection_is_freed_without_gc(server: LiveServer) -> None:
    before = living()
    for _ in range(CLIENTS):
        async with server.client() as client:
            await client.subscribe(SUBSCRIBE)
            await wait_until(lambda: any(stream.is_live for stream in server.streams.subscriptions))
            server.log.append()
            assert (await client.receive())["type"] == "next"
        await server.wait_until_empty()
    await wait_until(lambda: living() == before)


@pytest.mark.usefixtures("gc_disabled")
async def test_http_connection_is_freed_without_gc(server: LiveServer) -> None:
    before = living()
    for _ in range(CLIENTS):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /elsewhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 404 ")
        writer.close()
        await writer.wait_closed()
    await wait_until(lambda: living() == before)
