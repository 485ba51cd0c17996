"""The graphql-transport-ws protocol as a state machine without I/O and clock.

    AWAITING_INIT ──connection_init──▶ AUTHENTICATING ──authenticated──▶ READY ──drain──▶ DRAINING
          └────────────────────────────────┴──────────────────────────────┴──────────────────┴──────▶ CLOSED

Every method takes an event and returns the actions to perform, in order; `now` is in seconds of a monotonic clock.
In every phase a malformed message, too many messages, a second connection_init, a subscribe before READY and an id in
use close the socket. AWAITING_INIT and READY have timeouts: for connection_init and for the pong. DRAINING starts no
operation, and closes the socket when no query or mutation is running.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum
from math import inf
from typing import Final, TypeAlias

from transport.errors import Code, FormattedError, RequestError, make_error
from transport.rate_limiter import RateLimiter
from transport.request import OperationRequest
from transport.settings import Limits
from transport.websocket import messages
from transport.websocket.messages import Complete, Init, MalformedMessage, Message, Ping, Pong, Subscribe

MAX_REASON_BYTES: Final = 123
"""Of a close frame's reason in UTF-8 (RFC 6455, 5.5)."""


class CloseCode(IntEnum):
    """Why the server closes a socket. The client library graphql-ws reconnects after the first four only."""

    RESTART = 1012
    TRY_AGAIN_LATER = 1013
    FORBIDDEN = 4403
    TIMEOUT = 4408
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    SUBPROTOCOL = 4406
    ID_TAKEN = 4409
    TOO_MANY_INITS = 4429


@dataclass(eq=False, slots=True)
class Operation:
    """A running operation of one socket."""

    id: str
    request: OperationRequest
    is_subscription: bool = False
    """Whether draining need not wait for its end."""


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Authenticate the client by the payload of connection_init, then call `authenticated` or `close`."""

    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class Send:
    text: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """Run an operation, and call `operation_ended` when it has ended."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Stop:
    """Cancel an operation, and send nothing more of it."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Close:
    """Cancel all operations and close the socket."""

    code: int
    reason: str


Action: TypeAlias = Authenticate | Send | Run | Stop | Close


class Phase(Enum):
    """State of a socket."""

    AWAITING_INIT = "awaiting connection_init"
    AUTHENTICATING = "authenticating"
    READY = "acknowledged"
    DRAINING = "draining"
    CLOSED = "closed"


class ProtocolStateMachine:
    """One socket, from the agreement on the subprotocol on."""

    def __init__(self, limits: Limits, now: float) -> None:
        self.phase = Phase.AWAITING_INIT
        self.deadline = now + limits.init_seconds
        """When `tick` is due."""
        self._limits = limits
        self._operations: dict[str, Operation] = {}
        self._awaits_pong = False
        self._next_ping = inf
        self._message_limiter = RateLimiter(limits.message_rate, limits.message_burst, now)

    def received(self, text: str | None, now: float) -> list[Action]:
        """Handle a message; None stands for a binary one."""
        if self.phase is Phase.CLOSED:
            return []
        if not self._message_limiter.consume(1, now):
            return self.close(CloseCode.TRY_AGAIN_LATER, "Too many messages")
        self._on_activity(now)
        try:
            message = messages.parse_message(text, self._limits)
        except MalformedMessage as malformed:
            return self.close(CloseCode.BAD_REQUEST, str(malformed))
        return self._dispatch(message)

    def authenticated(self, now: float) -> list[Action]:
        if self.phase is not Phase.AUTHENTICATING:
            return []
        self.phase = Phase.READY
        self._next_ping = self.deadline = now + self._limits.ping_seconds
        return [Send(messages.ACK)]

    def tick(self, now: float, *, blocked: bool = False) -> list[Action]:
        """Handle the deadline. While the socket is `blocked` by unsent output, no ping can be sent and none is due."""
        if now < self.deadline or self.phase is Phase.CLOSED:
            return []
        if self.phase is Phase.AWAITING_INIT:
            return self.close(CloseCode.TIMEOUT, "Connection initialisation timeout")
        if blocked:
            self.deadline = now + self._limits.pong_seconds
            return []
        if self._awaits_pong:
            return self.close(CloseCode.TIMEOUT, "Pong timeout")
        self._awaits_pong = True
        self._next_ping = now + self._limits.ping_seconds
        self.ping_sent(now)
        return [Send(messages.PING)]

    def ping_sent(self, now: float) -> None:
        """Count the time for a pong from now, as sending the ping of `tick` may have taken long."""
        if self._awaits_pong:
            self.deadline = now + self._limits.pong_seconds

    def is_running(self, operation: Operation) -> bool:
        """Whether results of the operation may still be sent."""
        return self._operations.get(operation.id) is operation

    def mark_subscription(self, operation: Operation) -> list[Action]:
        """Note that an operation is a subscription, which draining does not wait for."""
        operation.is_subscription = True
        return self._close_if_drained()

    def operation_ended(self, operation: Operation, errors: list[FormattedError] | None = None) -> list[Action]:
        """Handle the end of an operation; `errors` if it was not executed, or failed as a whole."""
        if not self.is_running(operation):
            return []
        del self._operations[operation.id]
        last = messages.complete(operation.id) if errors is None else messages.error(operation.id, errors)
        return [Send(last), *self._close_if_drained()]

    def drain(self) -> list[Action]:
        """Start no operation any more, and close when no query or mutation is running."""
        if self.phase is Phase.READY:
            self.phase = Phase.DRAINING
            return self._close_if_drained()
        return [] if self.phase is Phase.DRAINING else self.restart()

    def restart(self) -> list[Action]:
        return self.close(CloseCode.RESTART, "Service restart")

    def close(self, code: int, reason: str) -> list[Action]:
        if self.phase is Phase.CLOSED:
            return []
        self.disconnected()
        return [Close(code, truncate_reason(reason))]

    def disconnected(self) -> None:
        self.phase = Phase.CLOSED
        self.deadline, self._awaits_pong = inf, False
        self._operations.clear()

    def _dispatch(self, message: Message) -> list[Action]:
        match message:
            case Init(payload):
                return self._init(dict(payload))
            case Subscribe(id_, request):
                return self._subscribe(id_, request)
            case Complete(id_):
                operation = self._operations.pop(id_, None)
                return [Stop(operation), *self._close_if_drained()] if operation else []
            case Ping(payload):
                return [Send(messages.pong(payload))]
            case Pong():
                return []

    def _init(self, payload: dict[str, object]) -> list[Action]:
        if self.phase is not Phase.AWAITING_INIT:
            return self.close(CloseCode.TOO_MANY_INITS, "Too many initialisation requests")
        self.phase = Phase.AUTHENTICATING
        self.deadline = inf
        return [Authenticate(payload)]

    def _subscribe(self, id_: str, request: OperationRequest | RequestError) -> list[Action]:
        if self.phase in (Phase.AWAITING_INIT, Phase.AUTHENTICATING):
            return self.close(CloseCode.UNAUTHORIZED, "Unauthorized")
        if id_ in self._operations:
            return self.close(CloseCode.ID_TAKEN, f"Subscriber for {id_} already exists")
        if self.phase is Phase.DRAINING:
            return []  # the client repeats it after reconnecting
        if isinstance(request, RequestError):
            return [Send(messages.error(id_, request.errors))]
        if len(self._operations) >= (maximum := self._limits.socket_operations):
            message = f"Too many operations on one socket: {maximum + 1}, where {maximum} is the limit."
            details = {"limit": "operations per socket", "maximum": maximum, "number": maximum + 1}
            return [Send(messages.error(id_, [make_error(Code.QUERY_TOO_COMPLEX, message, **details)]))]
        operation = self._operations[id_] = Operation(id_, request)
        return [Run(operation)]

    def _close_if_drained(self) -> list[Action]:
        if self.phase is not Phase.DRAINING or not all(one.is_subscription for one in self._operations.values()):
            return []
        return self.restart()

    def _on_activity(self, now: float) -> None:
        # Any message proves that the client is alive: its pong may be queued behind a long one.
        if self._awaits_pong:
            self._awaits_pong = False
            self.deadline = max(now, self._next_ping)


def truncate_reason(reason: str) -> str:
    """Cut a reason to the length that a close frame can hold."""
    return reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
