"""Rules of the protocol, without I/O."""

from typing import Any

import pytest

from tests.transport.websocket.fake_connection import INIT, FakeConnection, close_code, sent_message
from transport.websocket.protocol import Authenticate, Phase, Stop


def test_init_is_authenticated_then_acknowledged(new: FakeConnection) -> None:
    assert new.receive(INIT | {"payload": {"authorization": "x"}}) == [Authenticate({"authorization": "x"})]
    assert sent_message(new.protocol.authenticated(new.now)) == {"type": "connection_ack"}
    assert new.protocol.phase is Phase.READY


@pytest.mark.parametrize("message", [INIT, INIT | {"payload": None}, INIT | {"payload": {}}, INIT | {"more": 1}])
def test_init_needs_no_payload(new: FakeConnection, message: dict[str, Any]) -> None:
    assert new.receive(message) == [Authenticate({})]


def test_second_init_closes_with_4429_in_any_phase(new: FakeConnection, ready: FakeConnection) -> None:
    new.receive(INIT)
    assert close_code(new.receive(INIT)) == 4429
    assert close_code(ready.receive(INIT)) == 4429
    assert ready.protocol.phase is Phase.CLOSED


def test_rejected_client_cannot_be_authenticated(new: FakeConnection) -> None:
    new.receive(INIT)
    assert close_code(new.protocol.close(4403, "Forbidden")) == 4403
    assert new.protocol.authenticated(new.now) == []


def test_subscribe_before_ack_closes_with_4401(new: FakeConnection) -> None:
    assert close_code(new.subscribe()) == 4401
    second = FakeConnection()
    second.receive(INIT)
    assert close_code(second.subscribe()) == 4401


def test_operation_runs_until_complete(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    assert operation.request.query == "{hello}"
    assert ready.protocol.is_running(operation)
    assert sent_message(ready.protocol.operation_ended(operation)) == {"id": "a", "type": "complete"}
    assert not ready.protocol.is_running(operation)
    assert ready.protocol.operation_ended(operation) == []


def test_failed_operation_ends_with_errors(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    errors = [{"message": "no", "extensions": {"code": "X"}}]
    assert sent_message(ready.protocol.operation_ended(operation, errors)) == {
        "id": "a",
        "type": "error",
        "payload": errors,
    }
    assert ready.protocol.phase is Phase.READY


def test_client_can_stop_an_operation(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    assert ready.receive({"id": "a", "type": "complete"}) == [Stop(operation)]
    assert not ready.protocol.is_running(operation)
    assert ready.protocol.operation_ended(operation) == []


@pytest.mark.parametrize("talk", ["new", "ready"])
def test_complete_of_unknown_operation_is_ignored(talk: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(talk).receive({"id": "never", "type": "complete"}) == []


def test_id_can_be_reused_after_its_operation(ready: FakeConnection) -> None:
    first = ready.start_operation("a")
    ready.receive({"id": "a", "type": "complete"})
    second = ready.start_operation("a")
    assert not ready.protocol.is_running(first)
    assert ready.protocol.operation_ended(first) == []
    assert ready.protocol.is_running(second)


def test_id_in_use_closes_with_4409(ready: FakeConnection) -> None:
    ready.start_operation("é" * 128)
    assert close_code(ready.subscribe("é" * 128)) == 4409


def test_operation_above_limit_fails_alone(ready: FakeConnection) -> None:
    operations = [ready.start_operation(id_) for id_ in "abc"]
    message = sent_message(ready.subscribe("d"))
    assert (message["id"], message["type"]) == ("d", "error")
    assert message["payload"][0]["extensions"] == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "operations per socket",
        "maximum": 3,
        "number": 4,
    }
    assert all(ready.protocol.is_running(operation) for operation in operations)
    ready.protocol.operation_ended(operations[0])
    ready.start_operation("d")


@pytest.mark.parametrize("payload", [{}, {"a": [1, "é", None]}])
def test_ping_payload_is_echoed(new: FakeConnection, payload: dict[str, Any]) -> None:
    assert sent_message(new.receive({"type": "ping", "payload": payload})) == {"type": "pong", "payload": payload}


def test_invalid_values_fail_only_their_operation(ready: FakeConnection) -> None:
    other = ready.start_operation("a")
    nul = sent_message(
        ready.receive({"id": "b", "type": "subscribe", "payload": {"query": "{hello}", "variables": {"a": "\0"}}})
    )
    half = sent_message(
        ready.receive('{"id":"c","type":"subscribe","payload":{"query":"{hello}","variables":{"a":"\\ud83d"}}}')
    )
    deep = sent_message(
        ready.receive({"id": "d", "type": "subscribe", "payload": {"query": "{hello}", "variables": nested(40)}})
    )
    received = [(m["id"], m["type"], m["payload"][0]["extensions"]["code"]) for m in (nul, half, deep)]
    assert received == [
        ("b", "error", "BAD_USER_INPUT"),
        ("c", "error", "BAD_USER_INPUT"),
        ("d", "error", "QUERY_TOO_COMPLEX"),
    ]
    assert ready.protocol.is_running(other)


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value
