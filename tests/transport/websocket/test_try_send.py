"""Results that are written at once, past the task that reads the stream: in order, and only while they may be."""

import asyncio
from collections.abc import Sequence

from tests.polling import until
from tests.transport.websocket.live_server import TOLD, Client, Site, reset, text
from transport.server.websocket_protocol import EXTENSION
from transport.websocket.connection import Line

MANY = 200
LONG = {"query": "subscription{told{number text(size: 30000)}}"}
"""So many of them are more than all queues hold."""


async def told(client: Client) -> int:
    """The number of the next item."""
    number: int = (await client.receive())["payload"]["data"]["told"]["number"]
    return number


async def test_a_client_that_reads_now_and_then_is_told_all_in_order(site: Site) -> None:
    async with site.client() as client, site.client() as other:
        await client.subscribe(LONG)
        await other.subscribe(TOLD)
        await until(lambda: site.log.closed == 2)
        numbers: list[int] = []
        for _ in range(4):
            site.log.happen(MANY // 4)
            assert [await other.receive() for _ in range(MANY // 4)]
            numbers += [await told(client) for _ in range(10)]
        numbers += [await told(client) for _ in range(MANY - len(numbers))]
    assert numbers == list(range(1, MANY + 1))


async def test_a_client_that_vanishes_costs_those_who_are_told_the_same_nothing(site: Site) -> None:
    async with site.client() as client:
        _, writer = await site.raw()
        writer.write(text({"type": "connection_init"}) + text({"id": "1", "type": "subscribe", "payload": TOLD}))
        await until(lambda: site.log.closed == 1)  # who comes at the same moment begins together with it
        await client.subscribe(TOLD)
        await until(lambda: site.log.closed == 2)
        site.log.happen()
        assert await told(client) == 1
        reset(writer)
        for number in (2, 3, 4):
            site.log.happen()
            assert await told(client) == number
        await until(lambda: len(site.endpoint) == 1)
        site.log.happen()
        assert await told(client) == 5


async def test_nothing_overtakes_what_waits() -> None:
    written: list[bytes] = []
    waiting, free = asyncio.Event(), asyncio.Event()

    def write(texts: Sequence[bytes]) -> bool:
        if free.is_set():
            written.extend(texts)
        return free.is_set()

    async def send(_message: object) -> None:
        waiting.set()
        await free.wait()
        await asyncio.sleep(0)  # it is free, but who waited has not had its turn yet
        assert not line.write([b"third"])
        written.append(b"first")

    async def receive() -> dict[str, object]:
        raise NotImplementedError

    line = Line({"type": "websocket", "extensions": {EXTENSION: {"write": write}}}, receive, send)
    task = asyncio.create_task(line.say(b"first"))
    await waiting.wait()
    assert not line.write([b"second"])
    free.set()
    await task
    assert line.write([b"fourth", b"fifth"])
    assert written == [b"first", b"fourth", b"fifth"]
