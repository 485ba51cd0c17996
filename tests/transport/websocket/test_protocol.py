"""Rules and timing of the protocol, without I/O and on a fake clock. The rest is tested over sockets."""

from tests.transport.websocket.fake_connection import INIT, FakeConnection, close_code, sent_message
from transport import Limits
from transport.websocket.protocol import Authenticate, Phase, Stop


def test_init_is_authenticated_then_acknowledged(new: FakeConnection) -> None:
    assert new.receive(INIT | {"payload": {"authorization": "x"}}) == [Authenticate({"authorization": "x"})]
    assert sent_message(new.protocol.authenticated(new.now)) == {"type": "connection_ack"}
    assert new.protocol.phase is Phase.READY


def test_rejected_client_cannot_be_authenticated(new: FakeConnection) -> None:
    new.receive(INIT)
    assert close_code(new.protocol.close(4403, "Forbidden")) == 4403
    assert new.protocol.authenticated(new.now) == []


def test_operation_runs_until_complete(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    assert operation.request.query == "{hello}"
    assert ready.protocol.is_running(operation)
    assert sent_message(ready.protocol.operation_ended(operation)) == {"id": "a", "type": "complete"}
    assert not ready.protocol.is_running(operation)
    assert ready.protocol.operation_ended(operation) == []


def test_id_can_be_reused_after_its_operation(ready: FakeConnection) -> None:
    first = ready.start_operation("a")
    ready.receive({"id": "a", "type": "complete"})
    second = ready.start_operation("a")
    assert not ready.protocol.is_running(first)
    assert ready.protocol.operation_ended(first) == []
    assert ready.protocol.is_running(second)


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


def test_init_timeout_closes_with_4408(new: FakeConnection) -> None:
    assert new.advance(9.9) == []
    assert sent_message(new.receive({"type": "ping"})) == {"type": "pong"}
    assert close_code(new.advance(0.1)) == 4408


def test_authentication_has_no_deadline(new: FakeConnection) -> None:
    new.receive(INIT)
    assert new.advance(1_000) == []


def test_ping_interval_and_pong_timeout(ready: FakeConnection) -> None:
    assert ready.advance(19.9) == []
    assert sent_message(ready.advance(0.1)) == {"type": "ping"}
    assert ready.advance(9.9) == []
    assert ready.receive({"type": "pong", "payload": {}}) == []
    assert ready.advance(10.0) == []
    assert sent_message(ready.advance(0.1)) == {"type": "ping"}
    assert close_code(ready.advance(10.0)) == 4408


def test_any_message_counts_as_pong(ready: FakeConnection) -> None:
    ready.advance(20)
    assert sent_message(ready.receive({"type": "ping"})) == {"type": "pong"}
    assert ready.advance(10) == []
    assert sent_message(ready.advance(10)) == {"type": "ping"}


def test_pong_deadline_starts_when_the_ping_is_sent(ready: FakeConnection) -> None:
    ready.advance(20)
    ready.now += 15
    ready.protocol.ping_sent(ready.now)
    assert ready.advance(9.9) == []
    assert close_code(ready.advance(0.1)) == 4408


def test_blocked_client_is_not_pinged(ready: FakeConnection) -> None:
    assert ready.advance(20, blocked=True) == []
    assert sent_message(ready.advance(10)) == {"type": "ping"}
    assert ready.advance(10, blocked=True) == []
    assert close_code(ready.advance(10)) == 4408


def test_messages_at_the_allowed_rate_are_accepted(ready: FakeConnection) -> None:
    for _ in range(1_000):
        ready.now += 0.1
        assert ready.receive({"type": "pong"}) == []


def test_malformed_messages_count_towards_the_limit() -> None:
    connection = FakeConnection(Limits(message_burst=1))
    connection.receive({"type": "pong"})
    assert close_code(connection.receive(None)) == 1013


def test_drain_closes_idle_and_subscription_sockets(new: FakeConnection, ready: FakeConnection) -> None:
    ready.protocol.mark_subscription(ready.start_operation("endless"))
    assert close_code(new.protocol.drain()) == 1012
    assert close_code(ready.protocol.drain()) == 1012
    assert ready.protocol.drain() == []


def test_drain_waits_for_queries_and_starts_nothing(ready: FakeConnection) -> None:
    mutation, unknown = ready.start_operation("mutation"), ready.start_operation("unknown")
    assert ready.protocol.drain() == []
    assert ready.subscribe("later") == []
    assert sent_message(ready.receive({"type": "ping"})) == {"type": "pong"}
    assert ready.protocol.mark_subscription(unknown) == []
    answer, end = ready.protocol.operation_ended(mutation)
    assert sent_message([answer]) == {"id": "mutation", "type": "complete"}
    assert close_code([end]) == 1012


def test_drain_does_not_wait_for_a_stopped_operation(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    ready.protocol.drain()
    stop, end = ready.receive({"id": "a", "type": "complete"})
    assert stop == Stop(operation)
    assert close_code([end]) == 1012


def test_close_happens_once(ready: FakeConnection) -> None:
    operation = ready.start_operation("a")
    assert close_code(ready.protocol.restart()) == 1012
    assert ready.protocol.restart() == []
    assert ready.receive(INIT) == []
    assert ready.receive(None) == []
    assert ready.protocol.operation_ended(operation) == []
    assert ready.protocol.tick(ready.now + 1_000) == []
