"""The protocol on a clock that the test moves: deadlines, pings, floods, and the end."""

from tests.transport.websocket.fake_connection import INIT, FakeConnection, close_code, sent_message
from transport import Limits
from transport.websocket.protocol import Stop


def test_who_says_nothing_for_ten_seconds_is_closed(new: FakeConnection) -> None:
    assert new.advance(9.9) == []
    assert sent_message(new.receive({"type": "ping"})) == {"type": "pong"}
    assert close_code(new.advance(0.1)) == 4408


def test_how_long_the_check_takes_is_not_the_clients_fault(new: FakeConnection) -> None:
    new.receive(INIT)
    assert new.advance(1_000) == []


def test_the_client_is_asked_every_twenty_seconds_and_has_ten_to_answer(ready: FakeConnection) -> None:
    assert ready.advance(19.9) == []
    assert sent_message(ready.advance(0.1)) == {"type": "ping"}
    assert ready.advance(9.9) == []
    assert ready.receive({"type": "pong", "payload": {}}) == []
    assert ready.advance(10.0) == []
    assert sent_message(ready.advance(0.1)) == {"type": "ping"}
    assert close_code(ready.advance(10.0)) == 4408


def test_any_message_shows_that_the_client_is_there(ready: FakeConnection) -> None:
    ready.advance(20)
    assert sent_message(ready.receive({"type": "ping"})) == {"type": "pong"}
    assert ready.advance(10) == []
    assert sent_message(ready.advance(10)) == {"type": "ping"}


def test_the_time_for_a_pong_counts_from_when_the_ping_could_be_sent(ready: FakeConnection) -> None:
    ready.advance(20)
    ready.now += 15
    ready.protocol.ping_sent(ready.now)
    assert ready.advance(9.9) == []
    assert close_code(ready.advance(0.1)) == 4408


def test_a_client_that_is_slow_to_read_is_not_asked_meanwhile(ready: FakeConnection) -> None:
    assert ready.advance(20, blocked=True) == []
    assert sent_message(ready.advance(10)) == {"type": "ping"}
    assert ready.advance(10, blocked=True) == []
    assert close_code(ready.advance(10)) == 4408


def test_unasked_pongs_are_fine(new: FakeConnection, ready: FakeConnection) -> None:
    assert new.receive({"type": "pong"}) == []
    assert ready.receive({"type": "pong"}) == []
    assert sent_message(ready.advance(20)) == {"type": "ping"}


def test_a_flood_closes_the_socket(ready: FakeConnection) -> None:
    answers = [ready.receive({"type": "pong"}) for _ in range(19)]
    assert answers == [[]] * 19
    assert close_code(ready.receive({"type": "pong"})) == 1013


def test_what_comes_at_the_allowed_rate_is_no_flood(ready: FakeConnection) -> None:
    for _ in range(1_000):
        ready.now += 0.1
        assert ready.receive({"type": "pong"}) == []


def test_rubbish_counts_towards_a_flood() -> None:
    talk = FakeConnection(Limits(message_burst=1))
    talk.receive({"type": "pong"})
    assert close_code(talk.receive(None)) == 1013


def test_a_server_that_stops_closes_a_socket_that_waits_for_nothing(new: FakeConnection, ready: FakeConnection) -> None:
    ready.protocol.mark_subscription(ready.start_operation("endless"))
    assert close_code(new.protocol.drain()) == 1012
    assert close_code(ready.protocol.drain()) == 1012
    assert ready.protocol.drain() == []


def test_a_server_that_stops_answers_what_it_has_begun_and_begins_nothing(ready: FakeConnection) -> None:
    mutation, unknown = ready.start_operation("mutation"), ready.start_operation("unknown")
    assert ready.protocol.drain() == []
    assert ready.subscribe("later") == []
    assert sent_message(ready.receive({"type": "ping"})) == {"type": "pong"}
    assert ready.protocol.mark_subscription(unknown) == []
    answer, end = ready.protocol.operation_ended(mutation)
    assert sent_message([answer]) == {"id": "mutation", "type": "complete"}
    assert close_code([end]) == 1012


def test_a_client_that_wants_no_answer_is_not_waited_for(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    ready.protocol.drain()
    stop, end = ready.receive({"id": "a", "type": "complete"})
    assert stop == Stop(operation)
    assert close_code([end]) == 1012


def test_the_end_comes_once(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    assert close_code(ready.protocol.restart()) == 1012
    assert ready.protocol.restart() == []
    assert ready.receive(INIT) == []
    assert ready.receive(None) == []
    assert ready.protocol.operation_ended(operation) == []
    assert ready.protocol.tick(ready.now + 1_000) == []
