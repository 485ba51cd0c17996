"""Random sequences of events."""

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from transport import Limits
from transport.websocket.protocol import (
    Action,
    Authenticate,
    Close,
    Operation,
    Phase,
    ProtocolStateMachine,
    Run,
    Send,
    Stop,
)

LIMITS = Limits(socket_operations=2, message_rate=2, message_burst=30)

NEXT = {
    Phase.AWAITING_INIT: {Phase.AUTHENTICATING},
    Phase.AUTHENTICATING: {Phase.READY},
    Phase.READY: {Phase.DRAINING},
    Phase.DRAINING: set[Phase](),
    Phase.CLOSED: set[Phase](),
}
CODES = {1012, 1013, 4400, 4401, 4403, 4408, 4409, 4429}

ids = st.sampled_from(["a", "b", "c"])
json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
good = st.one_of(
    st.just({"type": "connection_init"}),
    st.builds(lambda id_: {"id": id_, "type": "subscribe", "payload": {"query": "{a}"}}, ids),
    st.builds(lambda id_: {"id": id_, "type": "complete"}, ids),
    st.just({"type": "ping", "payload": {"a": 1}}),
    st.just({"type": "pong"}),
)
types = st.sampled_from(["connection_init", "subscribe", "complete", "ping", "pong", "next", "error"]) | json
odd = st.fixed_dictionaries({}, optional={"type": types, "id": ids | json, "payload": json})


def dumped(message: Any) -> str:
    return orjson.dumps(message).decode()


texts = st.one_of(good.map(dumped), odd.map(dumped), json.map(dumped), st.text())

steps = st.one_of(
    st.tuples(st.just("receive"), texts | st.none()),
    st.tuples(st.just("receive"), good.map(dumped)),
    st.tuples(st.just("admit"), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 5.0, 10.0, 20.0])),
    st.tuples(st.just("end"), st.integers(0, 5)),
    st.tuples(st.just("fail"), st.integers(0, 5)),
    st.tuples(st.just("stream"), st.integers(0, 5)),
    st.tuples(st.sampled_from(["turn away", "drain", "restart"]), st.none()),
)
# Most sequences start with a valid init: otherwise few would get past the first phase.
walks = st.one_of(
    st.lists(steps, max_size=40),
    st.lists(steps, max_size=40).map(
        lambda rest: [("receive", dumped({"type": "connection_init"})), ("admit", None), *rest]
    ),
)


class Simulation:
    def __init__(self) -> None:
        self.now = 0.0
        self.machine = ProtocolStateMachine(LIMITS, self.now)
        self.begun: list[Operation] = []
        self.running: list[Operation] = []
        self.closed: list[Close] = []

    def step(self, name: str, value: Any) -> None:
        before = self.machine.phase
        for action in self._actions(name, value):
            assert not self.closed, "nothing is done after the end"
            self._check(action)
        after = self.machine.phase
        assert after is before or after is Phase.CLOSED or after in NEXT[before]
        assert (after is Phase.CLOSED) == bool(self.closed)
        assert self.machine.deadline > self.now or self.closed or name != "wait"
        if not self.closed:
            assert len(self.running) <= LIMITS.socket_operations
            assert len({operation.id for operation in self.running}) == len(self.running)
            assert [one for one in self.begun if self.machine.is_running(one)] == self.running

    def _actions(self, name: str, value: Any) -> list[Action]:
        match name:
            case "receive":
                actions = self.machine.received(value, self.now)
            case "admit":
                actions = self.machine.authenticated(self.now)
            case "turn away":
                actions = self.machine.close(4403, "Forbidden")
            case "wait":
                self.now += value
                actions = self.machine.tick(self.now)
            case "drain":
                actions = self.machine.drain()
            case "restart":
                actions = self.machine.restart()
            case _:
                actions = self._with_one(name, self.begun[value % len(self.begun)]) if self.begun else []
        return actions

    def _with_one(self, name: str, operation: Operation) -> list[Action]:
        if name == "stream":
            return self.machine.mark_subscription(operation)
        actions = self.machine.operation_ended(operation, [{"message": "no"}] if name == "fail" else None)
        assert bool(actions) == (operation in self.running)
        if operation in self.running:
            self.running.remove(operation)
        return actions

    def _check(self, action: Action) -> None:
        match action:
            case Close(code, reason):
                assert code in CODES
                assert len(reason.encode()) <= 123
                self.closed.append(action)
                self.running.clear()
            case Run(operation):
                assert self.machine.phase is Phase.READY
                self.begun.append(operation)
                self.running.append(operation)
            case Stop(operation):
                self.running.remove(operation)
            case Send(text):
                assert orjson.loads(text)["type"] in {"connection_ack", "ping", "pong", "complete", "error"}
            case Authenticate():
                assert self.machine.phase is Phase.AUTHENTICATING


@settings(max_examples=400, deadline=None)
@given(walks)
def test_random_events_keep_the_state_machine_consistent(walk: list[tuple[str, Any]]) -> None:
    walked = Simulation()
    for name, value in walk:
        walked.step(name, value)
    assert len(walked.closed) <= 1
