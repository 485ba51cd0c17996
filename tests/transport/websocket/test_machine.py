"""The protocol without a socket: each rule of it once, on a clock that the test moves."""

from typing import Any

import orjson
import pytest

from transport import Limits
from transport.websocket.actions import Action, Check, Close, Operation, Run, Say, Stop
from transport.websocket.machine import Machine, Phase

LIMITS = Limits(socket_operations=3, message_rate=10, message_burst=20)
INIT = {"type": "connection_init"}


class Talk:
    """A machine, and a clock."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.now = 1_000.0
        self.machine = Machine(limits, self.now)

    def says(self, message: Any) -> list[Action]:
        """What a message of the client leads to."""
        text = message if isinstance(message, str | None) else orjson.dumps(message).decode()
        return self.machine.received(text, self.now)

    def subscribes(self, id_: str = "1", query: str = "{hello}") -> list[Action]:
        """What a subscribe leads to."""
        return self.says({"id": id_, "type": "subscribe", "payload": {"query": query}})

    def runs(self, id_: str = "1") -> Operation:
        """The operation of a subscribe that must be accepted."""
        (action,) = self.subscribes(id_)
        assert isinstance(action, Run)
        return action.operation

    def after(self, seconds: float, *, blocked: bool = False) -> list[Action]:
        """What the deadline leads to, if it has come after so long a silence."""
        self.now += seconds
        return self.machine.tick(self.now, blocked=blocked) if self.now >= self.machine.deadline else []


@pytest.fixture
def new() -> Talk:
    """A socket on which nothing was said yet."""
    return Talk()


@pytest.fixture
def ready() -> Talk:
    """A socket that is acknowledged."""
    talk = Talk()
    talk.says(INIT)
    talk.machine.admitted(talk.now)
    return talk


def said(actions: list[Action]) -> Any:
    """The one message that is to be sent."""
    (action,) = actions
    assert isinstance(action, Say)
    return orjson.loads(action.text)


def code(actions: list[Action]) -> int:
    """The code with which the socket is to be closed, and nothing else."""
    (action,) = actions
    assert isinstance(action, Close)
    assert len(action.reason.encode()) <= 123
    return action.code


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


def test_who_says_nothing_for_ten_seconds_is_closed(new: Talk) -> None:
    assert new.after(9.9) == []
    assert said(new.says({"type": "ping"})) == {"type": "pong"}
    assert code(new.after(0.1)) == 4408


def test_how_long_the_check_takes_is_not_the_clients_fault(new: Talk) -> None:
    new.says(INIT)
    assert new.after(1_000) == []


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


def test_the_client_is_asked_every_twenty_seconds_and_has_ten_to_answer(ready: Talk) -> None:
    assert ready.after(19.9) == []
    assert said(ready.after(0.1)) == {"type": "ping"}
    assert ready.after(9.9) == []
    assert ready.says({"type": "pong", "payload": {}}) == []
    assert ready.after(10.0) == []
    assert said(ready.after(0.1)) == {"type": "ping"}
    assert code(ready.after(10.0)) == 4408


def test_any_message_shows_that_the_client_is_there(ready: Talk) -> None:
    ready.after(20)
    assert said(ready.says({"type": "ping"})) == {"type": "pong"}
    assert ready.after(10) == []
    assert said(ready.after(10)) == {"type": "ping"}


def test_the_time_for_a_pong_counts_from_when_the_ping_could_be_sent(ready: Talk) -> None:
    ready.after(20)
    ready.now += 15
    ready.machine.asked(ready.now)
    assert ready.after(9.9) == []
    assert code(ready.after(0.1)) == 4408


def test_a_client_that_is_slow_to_read_is_not_asked_meanwhile(ready: Talk) -> None:
    assert ready.after(20, blocked=True) == []
    assert said(ready.after(10)) == {"type": "ping"}
    assert ready.after(10, blocked=True) == []
    assert code(ready.after(10)) == 4408


def test_unasked_pongs_are_fine(new: Talk, ready: Talk) -> None:
    assert new.says({"type": "pong"}) == []
    assert ready.says({"type": "pong"}) == []
    assert said(ready.after(20)) == {"type": "ping"}


def test_a_flood_closes_the_socket(ready: Talk) -> None:
    answers = [ready.says({"type": "pong"}) for _ in range(19)]
    assert answers == [[]] * 19
    assert code(ready.says({"type": "pong"})) == 1013


def test_what_comes_at_the_allowed_rate_is_no_flood(ready: Talk) -> None:
    for _ in range(1_000):
        ready.now += 0.1
        assert ready.says({"type": "pong"}) == []


def test_rubbish_counts_towards_a_flood() -> None:
    talk = Talk(Limits(message_burst=1))
    talk.says({"type": "pong"})
    assert code(talk.says(None)) == 1013


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


def test_a_server_that_stops_closes_a_socket_that_waits_for_nothing(new: Talk, ready: Talk) -> None:
    ready.machine.streams(ready.runs("endless"))
    assert code(new.machine.drain()) == 1012
    assert code(ready.machine.drain()) == 1012
    assert ready.machine.drain() == []


def test_a_server_that_stops_answers_what_it_has_begun_and_begins_nothing(ready: Talk) -> None:
    mutation, unknown = ready.runs("mutation"), ready.runs("unknown")
    assert ready.machine.drain() == []
    assert ready.subscribes("later") == []
    assert said(ready.says({"type": "ping"})) == {"type": "pong"}
    assert ready.machine.streams(unknown) == []
    answer, end = ready.machine.ended(mutation)
    assert said([answer]) == {"id": "mutation", "type": "complete"}
    assert code([end]) == 1012


def test_a_client_that_wants_no_answer_is_not_waited_for(ready: Talk) -> None:
    operation = ready.runs("a")
    ready.machine.drain()
    stop, end = ready.says({"id": "a", "type": "complete"})
    assert stop == Stop(operation)
    assert code([end]) == 1012


def test_the_end_comes_once(ready: Talk) -> None:
    operation = ready.runs("a")
    assert code(ready.machine.restart()) == 1012
    assert ready.machine.restart() == []
    assert ready.says(INIT) == []
    assert ready.says(None) == []
    assert ready.machine.ended(operation) == []
    assert ready.machine.tick(ready.now + 1_000) == []
