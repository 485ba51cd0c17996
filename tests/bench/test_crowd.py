"""A crowd against a server that does as the test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from bench.load_generator import HOST, LoadFailed
from bench.subscribers import pool as crowds
from bench.subscribers.pool import SubscriberPool
from tests.polling import wait_until

FOR_LONG = 60.0
DOCUMENTS = [
    {"query": "subscription A { a }", "variables": {}},
    {"query": "subscription B { b }", "variables": {"x": 1}},
]


@dataclass
class Script:
    """What the server does, and what it was told."""

    first: list[dict[str, Any]]
    """The messages with which it answers a subscribe; `{n}` in them is the number of the connection."""
    status: HTTPStatus | None = None
    """With which it refuses handshakes."""
    asked: list[Any] = field(default_factory=list)
    pongs: int = 0
    connections: list[ServerConnection] = field(default_factory=list)

    async def serve(self, connection: ServerConnection) -> None:
        """One client, to its end."""
        async for text in connection:
            message = orjson.loads(text)
            if message["type"] == "connection_init":
                await connection.send('{"type": "connection_ack"}')
            elif message["type"] == "pong":
                self.pongs += 1
            else:
                self.asked.append(message["payload"])
                self.connections.append(connection)
                for answer in self.first:
                    await connection.send(orjson.dumps(answer).decode().replace("{n}", str(len(self.asked))))

    async def tell(self, message: dict[str, Any]) -> None:
        """Tell all clients."""
        for connection in self.connections:
            await connection.send(orjson.dumps(message).decode())

    async def refuse(self, connection: ServerConnection, _: Request) -> Response | None:
        """Turn handshakes away, if it says so."""
        return None if self.status is None else connection.respond(self.status, "no")


def told(**data: Any) -> dict[str, Any]:
    """A result."""
    return {"id": "1", "type": "next", "payload": {"data": data}}


SNAPSHOT = told(cursor="cursor {n}")
PING = {"type": "ping"}


@asynccontextmanager
async def playing(script: Script, count: int = 4) -> AsyncIterator[SubscriberPool]:
    """A crowd of a server that plays a script."""
    subprotocols: Any = ["graphql-transport-ws"]
    async with serve(
        script.serve, HOST, 0, subprotocols=subprotocols, process_request=script.refuse, compression=None
    ) as server:
        crowd = SubscriberPool(server.sockets[0].getsockname()[1], DOCUMENTS, count)
        try:
            yield crowd
        finally:
            crowd.close()


async def test_a_crowd_answers_the_pings_of_frames() -> None:
    script = Script([SNAPSHOT])
    async with playing(script) as crowd:
        await crowd.open(FOR_LONG)
        for connection in script.connections:
            async with asyncio.timeout(FOR_LONG):
                await (await connection.ping(b"still there?"))


async def test_a_crowd_is_live_when_each_knows_all_there_is_and_counts_what_comes_then() -> None:
    script = Script([SNAPSHOT])
    async with playing(script) as crowd:
        await crowd.open(FOR_LONG)
        assert (crowd.live.value, crowd.delivered.value) == (4, 0)
        assert sorted(script.asked, key=lambda asked: str(asked["query"])) == [DOCUMENTS[0]] * 2 + [DOCUMENTS[1]] * 2
        await script.tell(told(a=1))
        await script.tell(PING)
        await script.tell(told(a=2))
        await crowd.delivered.wait_for(8, FOR_LONG)
        await wait_until(lambda: script.pongs == 4)


async def test_a_listener_is_shown_what_live_watchers_are_told() -> None:
    script = Script([SNAPSHOT])
    shown: list[Any] = []
    async with playing(script, 1) as crowd:
        crowd.listener = lambda received, start, end: shown.append(orjson.loads(received[start:end]))
        await crowd.open(FOR_LONG)
        await script.tell(told(a=1))
        await crowd.delivered.wait_for(1, FOR_LONG)
    assert shown == [told(a=1)]


async def test_whoever_is_cut_off_comes_back_from_its_own_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "SOON", (0.0, 0.0))
    script = Script([SNAPSHOT])
    async with playing(script) as crowd:
        await crowd.open(FOR_LONG)
        assert sorted(crowd.cursors.values()) == [f"cursor {number}" for number in range(1, 5)]
        crowd.reconnects, crowd.results_until_live = True, 2
        script.first = [told(missed=1), told(missed=2)]
        gone, script.connections, script.asked = script.connections, [], []
        for connection in gone:
            await connection.close(1012)
        await crowd.live.wait_for(4, FOR_LONG)
        assert sorted(asked["variables"]["after"] for asked in script.asked) == sorted(crowd.cursors.values())
        assert crowd.close_codes == {1012: 4}
        assert crowd.delivered.value == 0
        await script.tell(told(a=1))
        await crowd.delivered.wait_for(4, FOR_LONG)


async def test_whoever_is_turned_away_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "SOON", (0.0, 0.0))
    script = Script([SNAPSHOT], HTTPStatus.SERVICE_UNAVAILABLE)
    async with playing(script, 2) as crowd:
        crowd.reconnects = True
        opening = asyncio.create_task(crowd.open(FOR_LONG))
        await wait_until(lambda: crowd.close_codes[0] >= 10)
        script.status = None
        await opening


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (Script([SNAPSHOT], HTTPStatus.FORBIDDEN), "refused: HTTP/1.1 403"),
        (Script([{"id": "1", "type": "error", "payload": []}]), "answered with error"),
        (Script([told(a=1), {"id": "1", "type": "complete"}]), "answered with complete"),
    ],
)
async def test_what_must_not_happen_is_a_failure(script: Script, why: str) -> None:
    async with playing(script) as crowd:
        opened, *_ = await asyncio.gather(crowd.open(FOR_LONG), return_exceptions=True)
        with pytest.raises(LoadFailed, match=why):
            await crowd.delivered.wait_for(1, FOR_LONG)
        assert opened is None or isinstance(opened, LoadFailed)


@pytest.mark.parametrize("abandoned", [True, False])
async def test_being_cut_off_is_a_failure_unless_it_is_meant(abandoned: bool) -> None:
    script = Script([SNAPSHOT])
    async with playing(script) as crowd:
        await crowd.open(FOR_LONG)
        crowd.disconnects_expected = abandoned
        waiting = asyncio.create_task(crowd.delivered.wait_for(1, FOR_LONG))
        await script.connections.pop().close(1013)
        if not abandoned:
            with pytest.raises(LoadFailed, match="1013"):
                await waiting
            return
        await script.tell(told(a=1))
        await waiting
        assert (crowd.live.value, crowd.close_codes) == (3, {1013: 1})


async def test_no_server_is_a_failure() -> None:
    async with playing(Script([])) as crowd:
        pass
    with pytest.raises(LoadFailed, match="no connection"):
        await SubscriberPool(crowd.port, DOCUMENTS, 1).open(FOR_LONG)
