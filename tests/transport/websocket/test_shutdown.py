"""A server that stops: every socket is told so, and what was begun is answered."""

import asyncio

from tests.polling import until
from tests.transport.websocket.live_server import TOLD, Client, serving

RESTART = (1012, "Service restart")


async def there_and_back(client: Client) -> None:
    """Let the server hear what was sent before."""
    await client.send({"type": "ping"})
    assert await client.receive() == {"type": "pong"}


async def test_all_sockets_are_told_to_come_back() -> None:
    async with serving() as site, site.dial() as new, site.client() as idle, site.client() as busy:
        await busy.subscribe(TOLD)
        await until(lambda: site.log.closed)
        await site.server.streams.close(0.1)
        assert [await client.closed() for client in (new, idle, busy)] == [RESTART] * 3
        await site.empty()
        assert await site.status() == 503


async def test_what_was_begun_is_answered_before_the_end() -> None:
    async with serving() as site, site.client() as client:
        await client.subscribe({"query": "{slow}"}, "slow")
        await client.subscribe(TOLD, "told")
        await site.log.waiting.wait()
        closing = asyncio.create_task(site.server.streams.close(5))
        await until(lambda: site.server.streams.draining.started)
        await there_and_back(client)  # by now the socket has been told
        await client.subscribe({"query": "{hello}"}, "late")
        await there_and_back(client)
        site.log.gate.set()
        assert await client.receive() == {"id": "slow", "type": "next", "payload": {"data": {"slow": "at last"}}}
        assert await client.receive() == {"id": "slow", "type": "complete"}
        assert await client.closed() == RESTART
        await closing


async def test_what_does_not_end_in_time_is_cut() -> None:
    async with serving() as site, site.client() as client:
        await client.subscribe({"query": "{slow}"})
        await site.log.waiting.wait()
        await site.server.streams.close(0)
        site.app.should_exit = True
        assert await client.closed() == (1012, "")
        await site.log.cancelled.wait()


async def test_a_client_may_leave_a_stream_that_the_server_has_just_ended() -> None:
    async with serving() as site, site.client() as client:
        await client.subscribe({"query": "{slow}"}, "slow")
        await client.subscribe(TOLD, "told")
        await site.log.waiting.wait()
        await until(lambda: site.log.closed)
        closing = asyncio.create_task(site.server.streams.close(0.1))
        await until(lambda: not site.server.streams.subscriptions)
        await client.send({"id": "told", "type": "complete"})
        await there_and_back(client)
        site.log.gate.set()
        assert await client.receive() == {"id": "slow", "type": "next", "payload": {"data": {"slow": "at last"}}}
        assert await client.receive() == {"id": "slow", "type": "complete"}
        assert await client.closed() == RESTART
        await closing
