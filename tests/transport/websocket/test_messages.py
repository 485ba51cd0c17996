"""Malformed and unexpected messages, over a real socket."""

from typing import Any

import pytest

from tests.transport.websocket.live_server import HELLO, SUBSCRIBE, LiveServer

CANARY = "hunter2"


def subscribe(payload: Any = None, **members: Any) -> dict[str, Any]:
    return {"id": "1", "type": "subscribe", "payload": HELLO if payload is None else payload, **members}


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


# Also see tests/bad_inputs/websocket_cases.py.
MALFORMED: dict[str, Any] = {
    "two messages": '{"type":"ping"}{"type":"ping"}',
    "a type of null": {"type": None},
    "a type that is a number": {"type": 1},
    "a type in capitals": {"type": "PING"},
    "a message of the server, ack": {"type": "connection_ack"},
    "an empty binary frame": b"",
    "deep JSON": deep(65),
    "deep JSON in a ping": '{"type":"ping","payload":{"a":' + deep(63) + "}}",
    "more values than anybody looks at": '{"type":"ping","payload":{"a":[' + ",".join(["{}"] * 60_000) + "]}}",
    "a ping with a list": {"type": "ping", "payload": []},
    "a ping with a string": {"type": "ping", "payload": CANARY},
    "a ping with NUL": '{"type":"ping","payload":{"a":"\\u0000"}}',
    "a ping with half a character": '{"type":"ping","payload":{"a":"\\ud800"}}',
    "a pong with a number": {"type": "pong", "payload": 1},
    "an id of null": subscribe(id=None),
    "an id that is too long": subscribe(id="a" * 129),
    "an id with NUL": '{"id":"\\u0000","type":"subscribe","payload":{"query":"{hello}"}}',
    "an id with half a character": '{"id":"\\ud800","type":"subscribe","payload":{"query":"{hello}"}}',
    "a payload of null": {"id": "1", "type": "subscribe", "payload": None},
    "a query of null": subscribe({"query": None}),
    "a query that is a list": subscribe({"query": ["{hello}"]}),
    "variables that are a string": subscribe(HELLO | {"variables": "{}"}),
    "extensions that are a list": subscribe(HELLO | {"extensions": []}),
    "complete without id": {"type": "complete"},
    "complete with an id that is a number": {"id": 1, "type": "complete"},
    "complete with an empty id": {"id": "", "type": "complete"},
}


@pytest.mark.parametrize("what", MALFORMED)
@pytest.mark.parametrize("acknowledged", [True, False], ids=["acknowledged", "new"])
async def test_malformed_message_closes_with_4400(server: LiveServer, what: str, acknowledged: bool) -> None:
    async with server.client() if acknowledged else server.connect() as client:
        await client.send(MALFORMED[what])
        code, reason = await client.wait_closed()
    assert code == 4400
    assert reason
    assert CANARY not in reason
    await server.assert_serves()


@pytest.mark.parametrize("id_", ["a" * 128, "é\n\"\\{}' " * 16])
async def test_duplicate_id_closes_with_4409(server: LiveServer, id_: str) -> None:
    async with server.client() as client:
        await client.subscribe(SUBSCRIBE, id_)
        await client.subscribe(HELLO, id_)
        code, reason = await client.wait_closed()
    assert code == 4409
    assert reason.startswith("Subscriber for ")
    assert len(reason.encode()) <= 123
    await server.assert_serves()


@pytest.mark.parametrize(("offered", "accepted"), [("graphql-ws", "graphql-ws"), ("chat", None)])
async def test_other_subprotocol_closes_with_4406(server: LiveServer, offered: str, accepted: str | None) -> None:
    async with server.connect(offered) as client:
        assert client.connection.subprotocol == accepted
        assert await client.wait_closed() == (4406, "Subprotocol not acceptable")


async def test_supported_subprotocol_is_selected(server: LiveServer) -> None:
    async with server.connect("graphql-ws", "graphql-transport-ws") as client:
        assert client.connection.subprotocol == "graphql-transport-ws"
        await client.send({"type": "connection_init"})
        assert await client.receive() == {"type": "connection_ack"}


async def test_message_over_one_mebibyte_closes_with_1009(server: LiveServer) -> None:
    async with server.client() as client:
        await client.send({"type": "ping", "payload": {"a": "x" * (1024 * 1024 - 40)}})
        assert (await client.receive())["type"] == "pong"
        await client.send({"type": "ping", "payload": {"a": "x" * 1024 * 1024}})
        assert (await client.wait_closed())[0] == 1009
    await server.assert_serves()


async def test_messages_without_effect_are_ignored(server: LiveServer) -> None:
    async with server.client() as client:
        nothing: list[Any] = [
            {"id": "never", "type": "complete"},
            {"id": "never", "type": "complete", "payload": 7},
            {"type": "pong"},
            {"type": "pong", "payload": {"a": 1}},
            {"type": "pong", "payload": None, "more": []},
        ]
        for message in nothing:
            await client.send(message)
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}
        await client.send({"id": "ask", "type": "complete"})  # already completed
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}


@pytest.mark.parametrize("payload", [None, {}, {"a": [1, 2.5, "é", None, {"b": True}]}])
async def test_ping_is_answered_in_any_phase(server: LiveServer, payload: Any) -> None:
    expected = {"type": "pong"} if payload is None else {"type": "pong", "payload": payload}
    async with server.connect() as client:
        await client.send({"type": "ping", "payload": payload})
        assert await client.receive() == expected
        await client.send({"type": "connection_init"})
        assert await client.receive() == {"type": "connection_ack"}
        await client.send({"type": "ping", "payload": payload})
        assert await client.receive() == expected
