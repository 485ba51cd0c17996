"""Clients that do not come to the point, do not answer, or do not read. Patience is cut short: nobody waits for it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

import orjson
import pytest
from starlette.requests import HTTPConnection
from starlette.types import Message

from tests.transport.streams.world import Caller, Log, Server, until
from tests.transport.websocket.site import HANDSHAKE, PATIENCE, Site, frame, serving, text
from tests.transport.world import limited
from transport import TransportSettings
from transport.server import Protocol
from transport.websocket import WebSocketEndpoint, WebSocketProtocol
from transport.websocket.actions import Action
from transport.websocket.machine import Machine

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


async def test_a_client_that_does_not_answer_pings_is_closed_with_4408() -> None:
    async with serving(limited(ping_seconds=0.01, pong_seconds=0.01)) as site, site.client() as client:
        assert await client.connection.recv() == '{"type":"ping"}'
        assert await client.closed() == (4408, "Pong timeout")


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
        await until(lambda: len(site.app.server_state.connections) == 1)
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
async def test_a_client_that_leaves_without_reading_is_gone(half: bool) -> None:
    async with serving() as site, not_reading(site) as opened:
        if half:
            opened.shutdown(socket.SHUT_WR)
        else:
            opened.close()
        await site.empty()


async def test_a_client_that_is_slow_to_read_is_not_asked_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[bool] = []

    class Watched(Machine):
        def tick(self, now: float, *, blocked: bool = False) -> list[Action]:
            ticks.append(blocked)
            return super().tick(now, blocked=blocked)

    monkeypatch.setattr("transport.websocket.socket.Machine", Watched)
    caller = AsgiCaller(Server(Log(), limited(ping_seconds=0.01, pong_seconds=0.01)))
    async with caller.calling():
        await caller.begin({"query": "subscription{told{number}}"})
        caller.reading.clear()
        await until(lambda: caller.server.log.closed)
        caller.server.log.happen()
        await until(lambda: ticks[-3:] == [True] * 3)
        caller.reading.set()
        await until(lambda: "next" in caller.said and caller.said[-1] == "ping")
        caller.incoming.put_nowait({"type": "websocket.disconnect"})
    assert caller.closed is None


class AsgiCaller:
    """A client without a socket, which answers pings, and may stop reading results."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.reading.set()
        self.said: list[str] = []
        self.closed: Message | None = None

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """The endpoint runs meanwhile, and ends by itself."""

        @asynccontextmanager
        async def make_context(_connection: HTTPConnection) -> AsyncIterator[Caller]:
            yield Caller()

        endpoint = WebSocketEndpoint(self.server.streams, make_context, TransportSettings())
        headers = [(b"host", b"localhost")]
        scope = {"type": "websocket", "headers": headers, "subprotocols": ["graphql-transport-ws"]}
        self.incoming.put_nowait({"type": "websocket.connect"})
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
            tasks.create_task(endpoint(scope, self.incoming.get, self._send))
            yield

    async def begin(self, payload: dict[str, str]) -> None:
        """Ask for an operation."""
        self._say({"type": "connection_init"})
        await until(lambda: "connection_ack" in self.said)
        self._say({"id": "1", "type": "subscribe", "payload": payload})

    def _say(self, message: Message) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

    async def _send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            self.closed = message
        elif message["type"] == "websocket.send":
            said = orjson.loads(message["text"])["type"]
            if said == "next":
                await self.reading.wait()
            elif said == "ping":
                self._say({"type": "pong"})
            self.said.append(said)


async def test_one_address_has_only_so_many_sockets() -> None:
    async with serving(TransportSettings(sockets_per_address=2)) as site:
        async with site.dial(), site.client():
            assert await site.status() == 429
        await site.empty()
        assert await site.status() == 101


async def test_what_http_waits_for_is_forgotten_when_it_hands_over() -> None:
    waiting: list[object] = []

    class Watched(Protocol):
        def handle_websocket_upgrade(self) -> None:
            super().handle_websocket_upgrade()
            waiting.extend((self._patience, self.timeout_keep_alive_task))

    async with serving(http=Watched) as site:
        await site.serves()
    assert waiting == [None, None]
