"""Out of memory for one message or operation: the others of the same socket, and other sockets, go on."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.polling import wait_until
from tests.transport.out_of_memory import assert_masked, fail_once, logged_id
from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer
from transport.subscriptions import StreamManager
from transport.subscriptions.subscriber import SubscriberStream
from transport.websocket import handler, messages


async def test_message_out_of_memory_closes_socket_with_1013(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server.client() as other, server.client() as client:
        fail_once(monkeypatch, messages, "parse_message")
        with capture_logs() as lines:
            await client.send({"type": "ping"})
            assert await client.wait_closed() == (1013, "Internal error")
        assert logged_id(lines)
        assert await other.execute("{hello}") == {"data": {"hello": "hello anybody"}}


@pytest.mark.parametrize(("owner", "name"), [(StreamManager, "open"), (handler, "next_prefix")])
async def test_operation_out_of_memory_gets_masked_error(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    async with server.client() as client:
        fail_once(monkeypatch, owner, name)
        with capture_logs() as lines:
            await client.subscribe({"query": "{hello}"}, "1")
            message = await client.receive()
        assert (message["type"], message["id"]) == ("error", "1")
        assert_masked(message["payload"][0], lines)
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}


async def test_subscriber_out_of_memory_does_not_end_its_group(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server.client() as client:
        for id_ in "12":
            await client.subscribe(SUBSCRIBE, id_)
        await wait_until(lambda: sum(stream.is_live for stream in server.streams.subscriptions) == 2)
        fail_once(monkeypatch, SubscriberStream, "push")
        with capture_logs() as lines:
            server.log.append()
            received = [await client.receive() for _ in range(2)]
        failed = next(message for message in received if message["type"] == "error")
        assert_masked(failed["payload"][0], lines)
        server.log.append()
        assert {message["type"] for message in received} == {"error", "next"}
        assert (await client.receive())["id"] != failed["id"]
