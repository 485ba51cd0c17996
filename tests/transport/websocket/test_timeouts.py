"""Timeouts and limits of sockets."""

import asyncio

import pytest

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer
from tests.transport.websocket.asgi_client import AsgiWebSocket
from tests.transport.websocket.live_server import live_server
from transport.server.http_protocol import HttpProtocol
from transport.websocket.protocol import Action, ProtocolStateMachine


async def test_silent_client_is_closed_with_4408() -> None:
    async with live_server(with_limits(init_seconds=0.01)) as server:
        async with server.connect() as client:
            assert await client.wait_closed() == (4408, "Connection initialisation timeout")
        await server.wait_until_empty()


async def test_missing_pong_closes_with_4408() -> None:
    async with live_server(with_limits(ping_seconds=0.01, pong_seconds=0.01)) as server, server.client() as client:
        assert await client.connection.recv() == '{"type":"ping"}'
        assert await client.wait_closed() == (4408, "Pong timeout")


async def test_client_that_answers_pings_stays_connected() -> None:
    async with live_server(with_limits(ping_seconds=0.01)) as server, server.client() as client:
        for _ in range(5):
            assert await client.connection.recv() == '{"type":"ping"}'
            await client.send({"type": "pong"})
        await client.send({"id": "1", "type": "subscribe", "payload": {"query": "{hello}"}})
        assert (await client.receive())["payload"] == {"data": {"hello": "hello anybody"}}


async def test_blocked_client_is_not_pinged(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[bool] = []

    class Watched(ProtocolStateMachine):
        def tick(self, now: float, *, blocked: bool = False) -> list[Action]:
            ticks.append(blocked)
            return super().tick(now, blocked=blocked)

    monkeypatch.setattr("transport.websocket.handler.ProtocolStateMachine", Watched)
    caller = AsgiWebSocket(StreamServer(FakeLog(), with_limits(ping_seconds=0.01, pong_seconds=0.01)))
    async with caller.connected():
        await caller.subscribe({"query": "subscription{event{number}}"})
        caller.reading.clear()
        await wait_until(lambda: caller.server.log.closed_count)
        caller.server.log.append()
        await wait_until(lambda: ticks[-3:] == [True] * 3)
        caller.reading.set()
        await wait_until(lambda: "next" in caller.sent_types and caller.sent_types[-1] == "ping")
        caller.incoming.put_nowait({"type": "websocket.disconnect"})
    assert caller.closed is None


async def test_pong_timeout_counts_from_the_sent_ping() -> None:
    caller = AsgiWebSocket(StreamServer(FakeLog(), with_limits(ping_seconds=0.01, pong_seconds=0.5)), held_type="ping")
    caller.reading.clear()
    async with caller.connected():
        caller.send({"type": "connection_init"})
        await caller.held.wait()
        await elapsed(0.51)
        caller.reading.set()
        await wait_until(lambda: "ping" in caller.sent_types)
        await asyncio.sleep(0)
        caller.send({"type": "pong"})
        await wait_until(lambda: caller.sent_types.count("ping") == 2)
        caller.incoming.put_nowait({"type": "websocket.disconnect"})
    assert caller.closed is None


async def elapsed(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    await wait_until(lambda: loop.time() > end)


async def test_upgrade_cancels_http_timers() -> None:
    waiting: list[object] = []

    class Watched(HttpProtocol):
        def handle_websocket_upgrade(self) -> None:
            super().handle_websocket_upgrade()
            waiting.extend((self._header_timer, self.timeout_keep_alive_task))

    async with live_server(http=Watched) as server:
        await server.assert_serves()
    assert waiting == [None, None]
