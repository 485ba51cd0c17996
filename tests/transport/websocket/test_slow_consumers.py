"""Clients that do not read, with short timeouts."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

import pytest

from tests.polling import TIMEOUT_SECONDS, wait_until
from tests.transport.fake_app import with_limits
from tests.transport.websocket.live_server import HANDSHAKE, LiveServer, encode_frame, live_server, text_frame
from transport.server.websocket_protocol import WebSocketProtocol

LONG = {"query": "subscription{event{text(size: 100000)}}"}
MANY = 100


class ShortWriteTimeout(WebSocketProtocol):
    write_timeout_seconds = 0.05


class ShortCloseTimeout(ShortWriteTimeout):
    close_timeout_seconds = 0.01


def blocked(server: LiveServer) -> list[WebSocketProtocol]:
    connections = server.app.server_state.connections
    return [one for one in connections if isinstance(one, WebSocketProtocol) and not one.writable.is_set()]


@asynccontextmanager
async def not_reading(server: LiveServer, count: int = MANY) -> AsyncIterator[socket.socket]:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.setblocking(False)
    loop = asyncio.get_running_loop()
    with closing(opened):
        await loop.sock_connect(opened, ("127.0.0.1", server.port))
        sent = text_frame({"type": "connection_init"})
        await loop.sock_sendall(opened, HANDSHAKE)
        await loop.sock_recv(opened, 1000)
        await loop.sock_sendall(opened, sent)
        await loop.sock_recv(opened, 100)
        await loop.sock_sendall(opened, text_frame({"id": "1", "type": "subscribe", "payload": LONG}))
        await wait_until(lambda: server.log.closed_count)
        server.log.append(count)
        if count == MANY:
            await wait_until(lambda: blocked(server))
        yield opened


TOO_SLOW = encode_frame(8, (1013).to_bytes(2, "big") + b"Too slow", masked=False)


async def receives_close_1013(opened: socket.socket) -> bool:
    loop = asyncio.get_running_loop()
    last = b""
    with suppress(ConnectionResetError):
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not last.endswith(TOO_SLOW) and (data := await loop.sock_recv(opened, 1 << 20)):
                last = last[-100:] + data
    return last.endswith(TOO_SLOW)


async def test_client_that_does_not_read_is_disconnected() -> None:
    async with (
        live_server(ws=ShortCloseTimeout) as server,
        server.client() as other,
        not_reading(server) as opened,
    ):
        await wait_until(lambda: len(server.app.server_state.connections) == 1)
        assert not server.streams.subscriptions
        assert await other.execute("{hello}") == {"data": {"hello": "hello anybody"}}
        assert not await receives_close_1013(opened)


async def test_client_that_reads_again_gets_close_1013() -> None:
    async with live_server(ws=ShortWriteTimeout) as server, not_reading(server) as opened:
        await wait_until(lambda: not len(server.endpoint))
        assert await receives_close_1013(opened)


async def test_stream_stall_closes_the_socket_with_1013() -> None:
    settings = with_limits(stream_stall_seconds=0.05)
    async with live_server(settings) as server, not_reading(server) as opened:
        await wait_until(lambda: not len(server.endpoint))
        assert await receives_close_1013(opened)


async def test_client_that_reads_late_but_in_time_gets_everything() -> None:
    async with live_server() as server, not_reading(server, 20) as opened:
        reader, writer = await asyncio.open_connection(sock=opened)
        received = 0
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while received < 20:
                assert await reader.readexactly(2) == b"\x81\x7f"
                message = await reader.readexactly(int.from_bytes(await reader.readexactly(8), "big"))
                assert message.count(b"x" * 100_000) == 1
                received += 1
        writer.close()


@pytest.mark.parametrize("half", [True, False])
async def test_unread_output_does_not_block_a_disconnect(half: bool) -> None:
    async with live_server() as server, not_reading(server) as opened:
        if half:
            opened.shutdown(socket.SHUT_WR)
        else:
            opened.close()
        await server.wait_until_empty()


async def test_pongs_are_not_queued_for_a_blocked_client() -> None:
    async with live_server() as server, not_reading(server) as opened:
        (wire,) = blocked(server)
        waiting, frames = wire.transport.get_write_buffer_size(), wire._frame_limiter._credit
        await asyncio.get_running_loop().sock_sendall(opened, encode_frame(9, b"a" * 100) * 500)
        await wait_until(lambda: wire._frame_limiter._credit < frames - 400)
        assert wire.transport.get_write_buffer_size() <= waiting
