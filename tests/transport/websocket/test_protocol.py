"""The protocol without a socket: each rule of it once."""

from typing import Any

import pytest

from tests.transport.websocket.fake_connection import INIT, FakeConnection, close_code, sent_message
from transport.websocket.protocol import Authenticate, Phase, Stop


def test_an_init_is_checked_and_then_acknowledged(new: FakeConnection) -> None:
    assert new.receive(INIT | {"payload": {"authorization": "x"}}) == [Authenticate({"authorization": "x"})]
    assert sent_message(new.protocol.authenticated(new.now)) == {"type": "connection_ack"}
    assert new.protocol.phase is Phase.READY


@pytest.mark.parametrize("message", [INIT, INIT | {"payload": None}, INIT | {"payload": {}}, INIT | {"more": 1}])
def test_an_init_needs_no_payload(new: FakeConnection, message: dict[str, Any]) -> None:
    assert new.receive(message) == [Authenticate({})]


def test_a_second_init_closes_the_socket_at_any_time(new: FakeConnection, ready: FakeConnection) -> None:
    new.receive(INIT)
    assert close_code(new.receive(INIT)) == 4429
    assert close_code(ready.receive(INIT)) == 4429
    assert ready.protocol.phase is Phase.CLOSED


def test_a_client_that_may_not_come_in_is_closed(new: FakeConnection) -> None:
    new.receive(INIT)
    assert close_code(new.protocol.close(4403, "Forbidden")) == 4403
    assert new.protocol.authenticated(new.now) == []


def test_nothing_runs_before_the_acknowledgement(new: FakeConnection) -> None:
    assert close_code(new.subscribe()) == 4401
    second = FakeConnection()
    second.receive(INIT)
    assert close_code(second.subscribe()) == 4401


def test_an_operation_runs_until_it_ends(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    assert operation.request.query == "{hello}"
    assert ready.protocol.is_running(operation)
    assert sent_message(ready.protocol.operation_ended(operation)) == {"id": "a", "type": "complete"}
    assert not ready.protocol.is_running(operation)
    assert ready.protocol.operation_ended(operation) == []


def test_an_operation_that_fails_ends_with_its_errors(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    errors = [{"message": "no", "extensions": {"code": "X"}}]
    assert sent_message(ready.protocol.operation_ended(operation, errors)) == {
        "id": "a",
        "type": "error",
        "payload": errors,
    }
    assert ready.protocol.phase is Phase.READY


def test_the_client_may_stop_an_operation(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    assert ready.receive({"id": "a", "type": "complete"}) == [Stop(operation)]
    assert not ready.protocol.is_running(operation)
    assert ready.protocol.operation_ended(operation) == []


@pytest.mark.parametrize("talk", ["new", "ready"])
def test_the_end_of_an_unknown_operation_is_ignored(talk: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(talk).receive({"id": "never", "type": "complete"}) == []


def test_an_id_is_free_again_when_its_operation_is_over(ready: FakeConnection) -> None:
    first = ready.start_operation("a")
    ready.receive({"id": "a", "type": "complete"})
    second = ready.start_operation("a")
    assert not ready.protocol.is_running(first)
    assert ready.protocol.operation_ended(first) == []
    assert ready.protocol.is_running(second)


def test_an_id_in_use_closes_the_socket(ready: FakeConnection) -> None:
    ready.start_operation("é" * 128)
    assert close_code(ready.subscribe("é" * 128)) == 4409


def test_one_operation_too_many_is_told_so_and_the_others_go_on(ready: FakeConnection) -> None:
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
def test_a_ping_is_answered_with_its_payload(new: FakeConnection, payload: dict[str, Any]) -> None:
    assert sent_message(new.receive({"type": "ping", "payload": payload})) == {"type": "pong", "payload": payload}


def test_what_is_wrong_with_a_value_is_that_operations_matter(ready: FakeConnection) -> None:
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
    told = [(m["id"], m["type"], m["payload"][0]["extensions"]["code"]) for m in (nul, half, deep)]
    assert told == [
        ("b", "error", "BAD_USER_INPUT"),
        ("c", "error", "BAD_USER_INPUT"),
        ("d", "error", "QUERY_TOO_COMPLEX"),
    ]
    assert ready.protocol.is_running(other)


def nested(depth: int) -> dict[str, Any]:
    """An object in an object in an object."""
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value
