"""Results that are sent without waking a task."""

import asyncio
from collections.abc import Sequence

from tests.polling import wait_until
from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer, WebSocketClient, reset_connection, text_frame
from transport.asgi_extensions import WEBSOCKET_WRITE
from transport.websocket.connection import Connection

MANY = 200
LONG = {"query": "subscription{event{number text(size: 30000)}}"}


async def next_number(client: WebSocketClient) -> int:
    number: int = (await client.receive())["payload"]["data"]["event"]["number"]
    return number


async def test_intermittent_reader_gets_all_in_order(server: LiveServer) -> None:
    async with server.client() as client, server.client() as other:
        await client.subscribe(LONG)
        await other.subscribe(SUBSCRIBE)
        await wait_until(lambda: server.log.closed_count == 2)
        numbers: list[int] = []
        for _ in range(4):
            server.log.append(MANY // 4)
            assert [await other.receive() for _ in range(MANY // 4)]
            numbers += [await next_number(client) for _ in range(10)]
        numbers += [await next_number(client) for _ in range(MANY - len(numbers))]
    assert numbers == list(range(1, MANY + 1))


async def test_reset_connection_does_not_affect_the_group(server: LiveServer) -> None:
    async with server.client() as client:
        _, writer = await server.raw_connection()
        writer.write(
            text_frame({"type": "connection_init"}) + text_frame({"id": "1", "type": "subscribe", "payload": SUBSCRIBE})
        )
        await wait_until(lambda: server.log.closed_count == 1)  # simultaneous subscribers would share a catch-up
        await client.subscribe(SUBSCRIBE)
        await wait_until(lambda: server.log.closed_count == 2)
        server.log.append()
        assert await next_number(client) == 1
        reset_connection(writer)
        for number in (2, 3, 4):
            server.log.append()
            assert await next_number(client) == number
        await wait_until(lambda: len(server.endpoint) == 1)
        server.log.append()
        assert await next_number(client) == 5


async def test_try_send_does_not_overtake_a_waiting_message() -> None:
    written: list[bytes] = []
    waiting, free = asyncio.Event(), asyncio.Event()

    def write(texts: Sequence[bytes]) -> bool:
        if free.is_set():
            written.extend(texts)
        return free.is_set()

    async def send(_message: object) -> None:
        waiting.set()
        await free.wait()
        await asyncio.sleep(0)  # writable again, but the waiting task has not run yet
        assert not line.try_send([b"third"])
        written.append(b"first")

    async def receive() -> dict[str, object]:
        raise NotImplementedError

    line = Connection({"type": "websocket", "extensions": {WEBSOCKET_WRITE: {"write": write}}}, receive, send)
    task = asyncio.create_task(line.send(b"first"))
    await waiting.wait()
    assert not line.try_send([b"second"])
    free.set()
    await task
    assert line.try_send([b"fourth", b"fifth"])
    assert written == [b"first", b"fourth", b"fifth"]
