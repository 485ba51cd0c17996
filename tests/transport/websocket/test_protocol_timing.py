"""The protocol on a clock that the test moves: deadlines, pings, floods, and the end."""

from tests.transport.websocket.fake_connection import INIT, Talk, code, said
from transport import Limits
from transport.websocket.actions import Stop


def test_who_says_nothing_for_ten_seconds_is_closed(new: Talk) -> None:
    assert new.after(9.9) == []
    assert said(new.says({"type": "ping"})) == {"type": "pong"}
    assert code(new.after(0.1)) == 4408


def test_how_long_the_check_takes_is_not_the_clients_fault(new: Talk) -> None:
    new.says(INIT)
    assert new.after(1_000) == []


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
