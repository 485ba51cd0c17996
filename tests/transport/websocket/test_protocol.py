"""The protocol without a socket: each rule of it once."""

from typing import Any

import pytest

from tests.transport.websocket.fake_connection import INIT, Talk, code, said
from transport.websocket.actions import Check, Stop
from transport.websocket.protocol import Phase


def test_an_init_is_checked_and_then_acknowledged(new: Talk) -> None:
    assert new.says(INIT | {"payload": {"authorization": "x"}}) == [Check({"authorization": "x"})]
    assert said(new.machine.admitted(new.now)) == {"type": "connection_ack"}
    assert new.machine.phase is Phase.READY


@pytest.mark.parametrize("message", [INIT, INIT | {"payload": None}, INIT | {"payload": {}}, INIT | {"more": 1}])
def test_an_init_needs_no_payload(new: Talk, message: dict[str, Any]) -> None:
    assert new.says(message) == [Check({})]


def test_a_second_init_closes_the_socket_at_any_time(new: Talk, ready: Talk) -> None:
    new.says(INIT)
    assert code(new.says(INIT)) == 4429
    assert code(ready.says(INIT)) == 4429
    assert ready.machine.phase is Phase.CLOSED


def test_a_client_that_may_not_come_in_is_closed(new: Talk) -> None:
    new.says(INIT)
    assert code(new.machine.close(4403, "Forbidden")) == 4403
    assert new.machine.admitted(new.now) == []


def test_nothing_runs_before_the_acknowledgement(new: Talk) -> None:
    assert code(new.subscribes()) == 4401
    second = Talk()
    second.says(INIT)
    assert code(second.subscribes()) == 4401


def test_an_operation_runs_until_it_ends(ready: Talk) -> None:
    operation = ready.runs("a")
    assert operation.request.query == "{hello}"
    assert ready.machine.is_running(operation)
    assert said(ready.machine.ended(operation)) == {"id": "a", "type": "complete"}
    assert not ready.machine.is_running(operation)
    assert ready.machine.ended(operation) == []


def test_an_operation_that_fails_ends_with_its_errors(ready: Talk) -> None:
    operation = ready.runs("a")
    errors = [{"message": "no", "extensions": {"code": "X"}}]
    assert said(ready.machine.ended(operation, errors)) == {"id": "a", "type": "error", "payload": errors}
    assert ready.machine.phase is Phase.READY


def test_the_client_may_stop_an_operation(ready: Talk) -> None:
    operation = ready.runs("a")
    assert ready.says({"id": "a", "type": "complete"}) == [Stop(operation)]
    assert not ready.machine.is_running(operation)
    assert ready.machine.ended(operation) == []


@pytest.mark.parametrize("talk", ["new", "ready"])
def test_the_end_of_an_unknown_operation_is_ignored(talk: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(talk).says({"id": "never", "type": "complete"}) == []


def test_an_id_is_free_again_when_its_operation_is_over(ready: Talk) -> None:
    first = ready.runs("a")
    ready.says({"id": "a", "type": "complete"})
    second = ready.runs("a")
    assert not ready.machine.is_running(first)
    assert ready.machine.ended(first) == []
    assert ready.machine.is_running(second)


def test_an_id_in_use_closes_the_socket(ready: Talk) -> None:
    ready.runs("é" * 128)
    assert code(ready.subscribes("é" * 128)) == 4409


def test_one_operation_too_many_is_told_so_and_the_others_go_on(ready: Talk) -> None:
    operations = [ready.runs(id_) for id_ in "abc"]
    message = said(ready.subscribes("d"))
    assert (message["id"], message["type"]) == ("d", "error")
    assert message["payload"][0]["extensions"] == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "operations per socket",
        "maximum": 3,
        "number": 4,
    }
    assert all(ready.machine.is_running(operation) for operation in operations)
    ready.machine.ended(operations[0])
    ready.runs("d")


@pytest.mark.parametrize("payload", [{}, {"a": [1, "é", None]}])
def test_a_ping_is_answered_with_its_payload(new: Talk, payload: dict[str, Any]) -> None:
    assert said(new.says({"type": "ping", "payload": payload})) == {"type": "pong", "payload": payload}


def test_what_is_wrong_with_a_value_is_that_operations_matter(ready: Talk) -> None:
    other = ready.runs("a")
    nul = said(ready.says({"id": "b", "type": "subscribe", "payload": {"query": "{hello}", "variables": {"a": "\0"}}}))
    half = said(ready.says('{"id":"c","type":"subscribe","payload":{"query":"{hello}","variables":{"a":"\\ud83d"}}}'))
    deep = said(ready.says({"id": "d", "type": "subscribe", "payload": {"query": "{hello}", "variables": nested(40)}}))
    told = [(m["id"], m["type"], m["payload"][0]["extensions"]["code"]) for m in (nul, half, deep)]
    assert told == [
        ("b", "error", "BAD_USER_INPUT"),
        ("c", "error", "BAD_USER_INPUT"),
        ("d", "error", "QUERY_TOO_COMPLEX"),
    ]
    assert ready.machine.is_running(other)


def nested(depth: int) -> dict[str, Any]:
    """An object in an object in an object."""
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value
