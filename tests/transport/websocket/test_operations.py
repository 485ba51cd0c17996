"""Queries, mutations and subscriptions over one socket."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.polling import wait_until
from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer, WebSocketClient, live_server

SLOW = {"query": "query Slow{slow}"}


def next_message(number: int, id_: str = "1") -> dict[str, Any]:
    return {"id": id_, "type": "next", "payload": {"data": {"event": {"number": number}}}}


async def test_query_and_mutation_have_one_result_and_complete(server: LiveServer) -> None:
    async with server.client() as client:
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}
        assert await client.execute("mutation{write}") == {"data": {"write": "written"}}


async def test_subscription_sends_snapshot_and_live_items(server: LiveServer) -> None:
    server.log.snapshot_size = 1
    server.log.append(2)
    async with server.client() as client:
        await client.subscribe(SUBSCRIBE)
        assert await client.receive() == next_message(2)
        await wait_until(lambda: server.log.closed_count)
        server.log.append(2)
        assert [await client.receive(), await client.receive()] == [next_message(3), next_message(4)]
        server.log.publish(None)
        assert await client.receive() == {"id": "1", "type": "complete"}


async def test_equal_subscriptions_of_two_clients_are_executed_once(server: LiveServer) -> None:
    async with server.client() as one, server.client() as other:
        await one.subscribe(SUBSCRIBE, 'a"\\é\n')
        await wait_until(lambda: server.log.closed_count == 1)  # simultaneous subscribers would share a catch-up
        await other.subscribe(SUBSCRIBE, "b")
        await wait_until(lambda: server.log.closed_count == 2)
        server.log.append(3)
        for number in (1, 2, 3):
            assert await one.receive() == next_message(number, 'a"\\é\n')
            assert await other.receive() == next_message(number, "b")
    assert server.log.executed == [1, 2, 3]


async def test_failed_subscription_ends_with_errors(server: LiveServer) -> None:
    async with server.client() as client:
        await client.subscribe(SUBSCRIBE)
        await wait_until(lambda: server.log.closed_count)
        server.log.publish(RuntimeError("hunter2"))
        message = await client.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "hunter2" not in str(message)
        await client.execute("{hello}", "1")


async def test_deferred_payloads_are_further_results(server: LiveServer) -> None:
    async with server.client() as client:
        await client.subscribe({"query": '{hello ... @defer(label: "later") { thing { name } }}'})
        messages = [await client.receive()]
        while messages[-1]["type"] != "complete":
            messages.append(await client.receive())
    first, *others, last = messages
    assert first["payload"]["data"] == {"hello": "hello anybody"}
    assert first["payload"]["hasNext"]
    assert [part["type"] for part in others] == ["next"] * len(others)
    assert others[-1]["payload"]["hasNext"] is False
    assert "one" in str(others)
    assert last == {"id": "1", "type": "complete"}


async def test_operations_run_concurrently(server: LiveServer) -> None:
    async with server.client() as client:
        await client.subscribe(SLOW, "slow")
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}
        server.log.gate.set()
        assert (await client.receive())["payload"] == {"data": {"slow": "at last"}}
        assert await client.receive() == {"id": "slow", "type": "complete"}


async def test_completed_query_is_cancelled_and_sends_nothing(server: LiveServer) -> None:
    async with server.client() as client:
        await client.subscribe(SLOW)
        await server.log.slow_started.wait()
        await client.send({"id": "1", "type": "complete"})
        await server.log.slow_cancelled.wait()
        server.log.gate.set()
        assert await client.execute("{hello}", "1") == {"data": {"hello": "hello anybody"}}


async def test_completed_subscription_leaves_its_group(server: LiveServer) -> None:
    async with server.client() as client:
        await client.subscribe(SUBSCRIBE)
        await wait_until(lambda: server.log.closed_count)
        await client.send({"id": "1", "type": "complete"})
        await wait_until(lambda: server.log.unfollow_count)
        server.log.append()
        await client.execute("{hello}")


@pytest.mark.parametrize("proper", [True, False])
async def test_disconnect_cancels_all_operations(server: LiveServer, proper: bool) -> None:
    async with server.client() as client:
        await client.subscribe(SUBSCRIBE, "event")
        await client.subscribe(SLOW, "slow")
        await server.log.slow_started.wait()
        await wait_until(lambda: server.log.closed_count)
        if not proper:
            client.connection.transport.abort()
    await server.log.slow_cancelled.wait()
    await wait_until(lambda: server.log.unfollow_count)
    await server.wait_until_empty()


@pytest.mark.parametrize("size", [0, 80, 200, 70_000, 300_000])
async def test_results_of_any_frame_length_arrive(server: LiveServer, size: int) -> None:
    async with server.client() as client:
        await client.subscribe({"query": f"subscription{{event{{text(size: {size})}}}}"})
        await wait_until(lambda: server.log.closed_count)
        server.log.append()
        assert (await client.receive())["payload"] == {"data": {"event": {"text": "x" * size}}}


async def logged(server: LiveServer, payload: dict[str, Any]) -> list[tuple[Any, ...]]:
    with capture_logs() as lines:
        async with server.client() as client:
            await client.subscribe(payload)
            await _answered(server, client, payload)
        await wait_until(lambda: any(line["event"] == "operation" for line in lines))
    received = [line for line in lines if line["event"] == "operation"]
    assert "swordfish" not in str(lines)
    return [(line["name"], line["type"], line["outcome"], line["status"]) for line in received]


async def _answered(server: LiveServer, client: WebSocketClient, payload: dict[str, Any]) -> None:
    if payload is SLOW:
        await server.log.slow_started.wait()
    elif payload is SUBSCRIBE:
        await wait_until(lambda: server.log.closed_count)
    else:
        await client.receive()


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        ({"query": "query Named{hello}"}, ("Named", "query", "ok", None)),
        ({"query": "mutation{write}"}, (None, "mutation", "ok", None)),
        ({"query": "query Named{swordfish}"}, (None, None, ["GRAPHQL_VALIDATION_FAILED"], None)),
        ({"query": "query Fails{fails}"}, ("Fails", "query", ["INTERNAL_SERVER_ERROR"], None)),
        (SLOW, ("Slow", "query", "gone", None)),
        (SUBSCRIBE, ("Events", "subscription", "ok", None)),
    ],
)
async def test_each_operation_logs_one_line(server: LiveServer, payload: dict[str, Any], line: tuple[Any, ...]) -> None:
    assert await logged(server, payload) == [line]


async def test_cancelled_server_cancels_operations() -> None:
    async with live_server() as server, server.client() as client:
        await client.subscribe(SLOW)
        await server.log.slow_started.wait()
        (task,) = server.app.server_state.tasks
        task.cancel()
        await server.log.slow_cancelled.wait()
        await asyncio.wait([task])
