"""Graceful shutdown."""

import asyncio

from tests.polling import wait_until
from tests.transport.websocket.live_server import SUBSCRIBE, WebSocketClient, live_server

RESTART = (1012, "Service restart")


async def ping(client: WebSocketClient) -> None:
    await client.send({"type": "ping"})
    assert await client.receive() == {"type": "pong"}


async def test_shutdown_closes_all_sockets_with_1012() -> None:
    async with live_server() as server, server.connect() as new, server.client() as idle, server.client() as busy:
        await busy.subscribe(SUBSCRIBE)
        await wait_until(lambda: server.log.closed_count)
        await server.streams.close(0.1)
        assert [await client.wait_closed() for client in (new, idle, busy)] == [RESTART] * 3
        await server.wait_until_empty()
        assert await server.status() == 503


async def test_running_operations_finish_before_the_close() -> None:
    async with live_server() as server, server.client() as client:
        await client.subscribe({"query": "{slow}"}, "slow")
        await client.subscribe(SUBSCRIBE, "event")
        await server.log.slow_started.wait()
        closing = asyncio.create_task(server.streams.close(5))
        await wait_until(lambda: server.streams.draining.started)
        await ping(client)  # the socket is draining by now
        await client.subscribe({"query": "{hello}"}, "late")
        await ping(client)
        server.log.gate.set()
        assert await client.receive() == {"id": "slow", "type": "next", "payload": {"data": {"slow": "at last"}}}
        assert await client.receive() == {"id": "slow", "type": "complete"}
        assert await client.wait_closed() == RESTART
        await closing


async def test_operation_beyond_the_drain_window_is_cancelled() -> None:
    async with live_server() as server, server.client() as client:
        await client.subscribe({"query": "{slow}"})
        await server.log.slow_started.wait()
        await server.streams.close(0)
        server.app.should_exit = True
        assert await client.wait_closed() == (1012, "")
        await server.log.slow_cancelled.wait()


async def test_complete_of_a_stream_closed_by_drain_is_ignored() -> None:
    async with live_server() as server, server.client() as client:
        await client.subscribe({"query": "{slow}"}, "slow")
        await client.subscribe(SUBSCRIBE, "event")
        await server.log.slow_started.wait()
        await wait_until(lambda: server.log.closed_count)
        closing = asyncio.create_task(server.streams.close(0.1))
        await wait_until(lambda: not server.streams.subscriptions)
        await client.send({"id": "event", "type": "complete"})
        await ping(client)
        server.log.gate.set()
        assert await client.receive() == {"id": "slow", "type": "next", "payload": {"data": {"slow": "at last"}}}
        assert await client.receive() == {"id": "slow", "type": "complete"}
        assert await client.wait_closed() == RESTART
        await closing
