"""Clients that do not come to the point, do not answer, or do not read. Patience is cut short: nobody waits for it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

import pytest

from tests.transport.streams.world import until
from tests.transport.websocket.site import HANDSHAKE, PATIENCE, Site, frame, serving, text
from tests.transport.world import limited
from transport import TransportSettings
from transport.server import Protocol
from transport.websocket import WebSocketProtocol

LONG = {"query": "subscription{told{text(size: 100000)}}"}


class Hasty(WebSocketProtocol):
    """Gives up soon."""

    stalled_seconds = 0.05


class Hastier(Hasty):
    """Hangs up on those who do not answer the end, too."""

    close_seconds = 0.01


async def test_a_client_that_says_nothing_is_closed_with_4408() -> None:
    async with serving(limited(init_seconds=0.01)) as site:
        async with site.dial() as client:
            assert await client.closed() == (4408, "Connection initialisation timeout")
        await site.empty()


async def test_a_client_that_says_only_other_things_is_closed_with_4408() -> None:
    async with serving(limited(init_seconds=0.05)) as site, site.dial() as client:
        await client.send({"type": "ping"})
        assert await client.closed() == (4408, "Connection initialisation timeout")


async def test_a_client_that_does_not_answer_pings_is_closed_with_4408() -> None:
    async with serving(limited(ping_seconds=0.01, pong_seconds=0.01)) as site, site.client() as client:
        await client.subscribe({"query": "subscription{told{number}}"})
        assert await client.connection.recv() == '{"type":"ping"}'
        assert await client.closed() == (4408, "Pong timeout")
        await until(lambda: site.log.unfollowed)


async def test_a_client_that_answers_pings_may_stay() -> None:
    async with serving(limited(ping_seconds=0.01)) as site, site.client() as client:
        for _ in range(5):
            assert await client.connection.recv() == '{"type":"ping"}'
            await client.send({"type": "pong"})
        await client.send({"id": "1", "type": "subscribe", "payload": {"query": "{hello}"}})
        assert (await client.receive())["payload"] == {"data": {"hello": "hello anybody"}}


@asynccontextmanager
async def not_reading(site: Site, count: int = 100) -> AsyncIterator[socket.socket]:
    """A client that subscribes to long messages, of which so many come, and reads none of them."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.setblocking(False)
    loop = asyncio.get_running_loop()
    with closing(opened):
        await loop.sock_connect(opened, ("127.0.0.1", site.port))
        sent = text({"type": "connection_init"})
        await loop.sock_sendall(opened, HANDSHAKE)
        await loop.sock_recv(opened, 1000)
        await loop.sock_sendall(opened, sent)
        await loop.sock_recv(opened, 100)
        await loop.sock_sendall(opened, text({"id": "1", "type": "subscribe", "payload": LONG}))
        await until(lambda: site.log.closed)
        site.log.happen(count)
        yield opened


TOO_SLOW = frame(8, (1013).to_bytes(2, "big") + b"Too slow", masked=False)


async def sees_why(opened: socket.socket) -> bool:
    """Whether the close frame comes before the server hangs up."""
    loop = asyncio.get_running_loop()
    last = b""
    with suppress(ConnectionResetError):
        async with asyncio.timeout(PATIENCE):
            while not last.endswith(TOO_SLOW) and (data := await loop.sock_recv(opened, 1 << 20)):
                last = last[-100:] + data
    return last.endswith(TOO_SLOW)


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    async with serving(wire=Hastier) as site, site.client() as other, not_reading(site) as opened:
        await until(lambda: len(site.endpoint) == 1)
        assert not site.server.streams.subscriptions
        assert await other.ask("{hello}") == {"data": {"hello": "hello anybody"}}
        assert not await sees_why(opened)


async def test_a_client_that_reads_again_sees_why_it_was_cut_off() -> None:
    async with serving(wire=Hasty) as site, not_reading(site) as opened:
        await until(lambda: not len(site.endpoint))
        assert await sees_why(opened)


async def test_a_client_that_takes_nothing_of_a_stream_is_closed_by_the_stream_too() -> None:
    settings = limited(stream_stall_seconds=0.05)
    async with serving(settings) as site, not_reading(site) as opened:
        await until(lambda: not len(site.endpoint))
        assert await sees_why(opened)


async def test_a_client_that_reads_late_but_in_time_gets_everything() -> None:
    async with serving() as site, not_reading(site, 20) as opened:
        reader, writer = await asyncio.open_connection(sock=opened)
        received = 0
        async with asyncio.timeout(PATIENCE):
            while received < 20:
                assert await reader.readexactly(2) == b"\x81\x7f"
                message = await reader.readexactly(int.from_bytes(await reader.readexactly(8), "big"))
                assert message.count(b"x" * 100_000) == 1
                received += 1
        writer.close()


@pytest.mark.parametrize("half", [True, False])
async def test_a_client_that_does_not_read_is_not_asked_whether_it_is_there(half: bool) -> None:
    async with serving(limited(ping_seconds=0.01, pong_seconds=0.01)) as site, not_reading(site) as opened:
        for _ in range(20):
            await site.serves()
        assert len(site.endpoint) == 1
        if half:
            opened.shutdown(socket.SHUT_WR)
        else:
            opened.close()
        await site.empty()


async def test_one_address_has_only_so_many_sockets() -> None:
    async with serving(TransportSettings(sockets_per_address=2)) as site:
        async with site.dial(), site.client():
            assert await site.status() == 429
        await site.empty()
        assert await site.status() == 101


async def test_the_time_for_a_header_ends_with_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Protocol, "header_seconds", 0.05)
    async with serving(limited(ping_seconds=0.1)) as site, site.client() as client:
        assert await client.connection.recv() == '{"type":"ping"}'
        await client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}
