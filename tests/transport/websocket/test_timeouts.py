"""Clients that do not come to the point, or do not answer. Patience is cut short: nobody waits for it."""

import asyncio

import pytest

from tests.polling import until
from tests.transport.fake_app import limited
from tests.transport.subscriptions.fake_source import Log
from tests.transport.subscriptions.stream_server import Server
from tests.transport.websocket.asgi_client import AsgiCaller
from tests.transport.websocket.live_server import serving
from transport import TransportSettings
from transport.server.http_protocol import HttpProtocol
from transport.websocket.actions import Action
from transport.websocket.protocol import Machine


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


async def test_a_client_that_is_slow_to_read_is_not_asked_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[bool] = []

    class Watched(Machine):
        def tick(self, now: float, *, blocked: bool = False) -> list[Action]:
            ticks.append(blocked)
            return super().tick(now, blocked=blocked)

    monkeypatch.setattr("transport.websocket.handler.Machine", Watched)
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


async def test_a_client_has_its_time_to_answer_however_late_it_was_asked() -> None:
    caller = AsgiCaller(Server(Log(), limited(ping_seconds=0.01, pong_seconds=0.5)), slow_to="ping")
    caller.reading.clear()
    async with caller.calling():
        caller.say({"type": "connection_init"})
        await caller.held.wait()
        await elapsed(0.51)
        caller.reading.set()
        await until(lambda: "ping" in caller.said)
        await asyncio.sleep(0)
        caller.say({"type": "pong"})
        await until(lambda: caller.said.count("ping") == 2)
        caller.incoming.put_nowait({"type": "websocket.disconnect"})
    assert caller.closed is None


async def elapsed(seconds: float) -> None:
    """Let the loop's clock, by which deadlines are told, go on."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    await until(lambda: loop.time() > end)


async def test_one_address_has_only_so_many_sockets() -> None:
    async with serving(TransportSettings(sockets_per_address=2)) as site:
        async with site.dial(), site.client():
            assert await site.status() == 429
        await site.empty()
        assert await site.status() == 101


async def test_what_http_waits_for_is_forgotten_when_it_hands_over() -> None:
    waiting: list[object] = []

    class Watched(HttpProtocol):
        def handle_websocket_upgrade(self) -> None:
            super().handle_websocket_upgrade()
            waiting.extend((self._patience, self.timeout_keep_alive_task))

    async with serving(http=Watched) as site:
        await site.serves()
    assert waiting == [None, None]
