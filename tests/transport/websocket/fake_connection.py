"""Protocol state machine with a clock that the test advances."""

from typing import Any

import orjson

from transport import Limits
from transport.websocket.protocol import Action, Close, Operation, ProtocolStateMachine, Run, Send

LIMITS = Limits(socket_operations=3, message_rate=10, message_burst=20)
INIT = {"type": "connection_init"}


class FakeConnection:
    def __init__(self, limits: Limits = LIMITS) -> None:
        self.now = 1_000.0
        self.protocol = ProtocolStateMachine(limits, self.now)

    def receive(self, message: Any) -> list[Action]:
        text = message if isinstance(message, str | None) else orjson.dumps(message).decode()
        return self.protocol.received(text, self.now)

    def subscribe(self, id_: str = "1", query: str = "{hello}") -> list[Action]:
        return self.receive({"id": id_, "type": "subscribe", "payload": {"query": query}})

    def start_operation(self, id_: str = "1") -> Operation:
        (action,) = self.subscribe(id_)
        assert isinstance(action, Run)
        return action.operation

    def advance(self, seconds: float, *, blocked: bool = False) -> list[Action]:
        self.now += seconds
        return self.protocol.tick(self.now, blocked=blocked) if self.now >= self.protocol.deadline else []


def sent_message(actions: list[Action]) -> Any:
    (action,) = actions
    assert isinstance(action, Send)
    return orjson.loads(action.text)


def close_code(actions: list[Action]) -> int:
    (action,) = actions
    assert isinstance(action, Close)
    assert len(action.reason.encode()) <= 123
    return action.code
