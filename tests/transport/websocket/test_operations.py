"""Queries, mutations and subscriptions over one socket."""

import asyncio
import hashlib
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.polling import wait_until
from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer, WebSocketClient, live_server

SLOW = {"query": "query Slow{slow}"}


def next_message(number: int, id_: str = "1") -> dict[str, Any]:
    return {"id": id_, "type": "next", "payload": {"data": {"event": {"number": number}}}}


async def test_query_and_mutation_have_one_result_and_complete(site: LiveServer) -> None:
    async with site.client() as client:
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}
        assert await client.execute("mutation{write}") == {"data": {"write": "written"}}


async def test_field_error_is_part_of_the_result(site: LiveServer) -> None:
    async with site.client() as client:
        result = await client.execute("{fails}")
    assert result["data"] == {"fails": None}
    assert result["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "hunter2" not in str(result)


async def test_subscription_sends_snapshot_and_live_items(site: LiveServer) -> None:
    site.log.snapshot_size = 1
    site.log.append(2)
    async with site.client() as client:
        await client.subscribe(SUBSCRIBE)
        assert await client.receive() == next_message(2)
        await wait_until(lambda: site.log.closed_count)
        site.log.append(2)
        assert [await client.receive(), await client.receive()] == [next_message(3), next_message(4)]
        site.log.publish(None)
        assert await client.receive() == {"id": "1", "type": "complete"}


async def test_equal_subscriptions_of_two_clients_are_executed_once(site: LiveServer) -> None:
    async with site.client() as one, site.client() as other:
        await one.subscribe(SUBSCRIBE, 'a"\\é\n')
        await wait_until(lambda: site.log.closed_count == 1)  # who comes at the same moment begins together with it
        await other.subscribe(SUBSCRIBE, "b")
        await wait_until(lambda: site.log.closed_count == 2)
        site.log.append(3)
        for number in (1, 2, 3):
            assert await one.receive() == next_message(number, 'a"\\é\n')
            assert await other.receive() == next_message(number, "b")
    assert site.log.executed == [1, 2, 3]


async def test_failed_subscription_ends_with_errors(site: LiveServer) -> None:
    async with site.client() as client:
        await client.subscribe(SUBSCRIBE)
        await wait_until(lambda: site.log.closed_count)
        site.log.publish(RuntimeError("hunter2"))
        message = await client.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "hunter2" not in str(message)
        await client.execute("{hello}", "1")


async def test_deferred_payloads_are_further_results(site: LiveServer) -> None:
    async with site.client() as client:
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


async def test_operations_run_concurrently(site: LiveServer) -> None:
    async with site.client() as client:
        await client.subscribe(SLOW, "slow")
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}
        site.log.gate.set()
        assert (await client.receive())["payload"] == {"data": {"slow": "at last"}}
        assert await client.receive() == {"id": "slow", "type": "complete"}


async def test_completed_query_is_cancelled_and_sends_nothing(site: LiveServer) -> None:
    async with site.client() as client:
        await client.subscribe(SLOW)
        await site.log.slow_started.wait()
        await client.send({"id": "1", "type": "complete"})
        await site.log.slow_cancelled.wait()
        site.log.gate.set()
        assert await client.execute("{hello}", "1") == {"data": {"hello": "hello anybody"}}


async def test_completed_subscription_leaves_its_group(site: LiveServer) -> None:
    async with site.client() as client:
        await client.subscribe(SUBSCRIBE)
        await wait_until(lambda: site.log.closed_count)
        await client.send({"id": "1", "type": "complete"})
        await wait_until(lambda: site.log.unfollow_count)
        site.log.append()
        await client.execute("{hello}")


@pytest.mark.parametrize("proper", [True, False])
async def test_disconnect_cancels_all_operations(site: LiveServer, proper: bool) -> None:
    async with site.client() as client:
        await client.subscribe(SUBSCRIBE, "event")
        await client.subscribe(SLOW, "slow")
        await site.log.slow_started.wait()
        await wait_until(lambda: site.log.closed_count)
        if not proper:
            client.connection.transport.abort()
    await site.log.slow_cancelled.wait()
    await wait_until(lambda: site.log.unfollow_count)
    await site.wait_until_empty()


async def test_document_can_be_sent_by_hash(site: LiveServer) -> None:
    query = "{hello}"
    named = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}}
    async with site.client() as client:
        await client.subscribe(named)
        unknown = await client.receive()
        assert unknown["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        for payload in ({"query": query, **named}, named):
            await client.subscribe(payload)
            assert (await client.receive())["payload"] == {"data": {"hello": "hello anybody"}}
            assert (await client.receive())["type"] == "complete"


@pytest.mark.parametrize("size", [0, 80, 200, 70_000, 300_000])
async def test_results_of_any_frame_length_arrive(site: LiveServer, size: int) -> None:
    async with site.client() as client:
        await client.subscribe({"query": f"subscription{{event{{text(size: {size})}}}}"})
        await wait_until(lambda: site.log.closed_count)
        site.log.append()
        assert (await client.receive())["payload"] == {"data": {"event": {"text": "x" * size}}}


async def logged(site: LiveServer, payload: dict[str, Any]) -> list[tuple[Any, ...]]:
    with capture_logs() as lines:
        async with site.client() as client:
            await client.subscribe(payload)
            await _answered(site, client, payload)
        await wait_until(lambda: any(line["event"] == "operation" for line in lines))
    received = [line for line in lines if line["event"] == "operation"]
    assert "swordfish" not in str(lines)
    return [(line["name"], line["type"], line["outcome"], line["status"]) for line in received]


async def _answered(site: LiveServer, client: WebSocketClient, payload: dict[str, Any]) -> None:
    if payload is SLOW:
        await site.log.slow_started.wait()
    elif payload is SUBSCRIBE:
        await wait_until(lambda: site.log.closed_count)
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
async def test_each_operation_logs_one_line(site: LiveServer, payload: dict[str, Any], line: tuple[Any, ...]) -> None:
    assert await logged(site, payload) == [line]


async def test_cancelled_server_cancels_operations() -> None:
    async with live_server() as site, site.client() as client:
        await client.subscribe(SLOW)
        await site.log.slow_started.wait()
        (task,) = site.app.server_state.tasks
        task.cancel()
        await site.log.slow_cancelled.wait()
        await asyncio.wait([task])
