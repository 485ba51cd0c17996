"""WebSocket protocol of the server, under slow applications."""

import asyncio
from contextlib import closing

import pytest
from starlette.types import Receive, Scope, Send

from tests.live_server import run_app
from tests.polling import TIMEOUT_SECONDS, wait_until
from tests.transport.websocket.live_server import HANDSHAKE, encode_frame, reset_connection
from transport.asgi_extensions import WEBSOCKET_WRITE
from transport.server.websocket_protocol import WebSocketProtocol


class SlowToAccept:
    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.called = asyncio.Event()
        self.over = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.called.set()
        try:
            await self.may.wait()
            await receive()
            await send({"type": "websocket.accept", "subprotocol": None})
            while (await receive())["type"] != "websocket.disconnect":
                pass
            assert not scope["extensions"][WEBSOCKET_WRITE]["write"]((b"late",))
        except OSError:
            pass
        finally:
            self.over = True


@pytest.mark.parametrize(
    "sent", [encode_frame(3), encode_frame(1, b"\xff"), b""], ids=["no frame", "no UTF-8", "nothing"]
)
async def test_input_before_accept_closes_the_connection(sent: bytes) -> None:
    app = SlowToAccept()
    async with asyncio.timeout(TIMEOUT_SECONDS), run_app(app) as (port, running):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            writer.write(HANDSHAKE)
            await app.called.wait()
            writer.write(sent)
            if not sent:
                writer.write_eof()
            assert await reader.read() == b""
            app.may.set()  # it answers a disconnected client
            await wait_until(lambda: app.over)
            writer.close()
            await wait_until(lambda: app.over and not running.server_state.connections)


async def test_application_may_return_without_close() -> None:
    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None})

    async with asyncio.timeout(TIMEOUT_SECONDS), run_app(app) as (port, running):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            writer.write(HANDSHAKE)
            assert (await reader.read()).startswith(b"HTTP/1.1 101 ")
            await wait_until(lambda: not running.server_state.connections)


class ShortWriteTimeout(WebSocketProtocol):
    write_timeout_seconds = 0.01
    close_timeout_seconds = 10.0 * TIMEOUT_SECONDS


@pytest.mark.parametrize("leaves", [True, False])
async def test_blocked_send_raises_on_disconnect_or_timeout(leaves: bool) -> None:
    learned = asyncio.Event()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None})
        try:
            while True:
                await send({"type": "websocket.send", "text": "x" * 1_000_000})
        except OSError:
            learned.set()

    async with (
        asyncio.timeout(TIMEOUT_SECONDS),
        run_app(app, ws=WebSocketProtocol if leaves else ShortWriteTimeout) as (port, _),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        if leaves:
            writer.transport.abort()
        await learned.wait()
        writer.transport.abort()


async def test_try_send_after_connection_lost_returns_false() -> None:
    sent_types: list[bool] = []
    over = asyncio.Event()

    class Late(WebSocketProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self.loop.call_soon(self.write_late)

        def write_late(self) -> None:
            over.set()
            sent_types.append(self.try_send((b"late",)))

    app = SlowToAccept()
    app.may.set()
    async with asyncio.timeout(TIMEOUT_SECONDS), run_app(app, ws=Late) as (port, running):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        reset_connection(writer)
        await over.wait()
        await wait_until(lambda: app.over and not running.server_state.connections)
    assert sent_types == [False]
