"""The protocol as a machine: what arrives goes in, what is to be done comes out. It does nothing itself, and knows no
socket and no clock: `now` is always given, in seconds of a clock that never goes back.

    SILENT ──connection_init──▶ CHECKING ──admitted──▶ READY ──drain──▶ DRAINING
       └───────────────────────────┴─────────────────────┴─────────────────┴──────▶ CLOSED

Everywhere: a message that is none, too many messages, a second connection_init, a subscribe before READY or an id that
is in use close the socket. SILENT ends when the client says nothing for too long, READY when it no longer answers a
ping. DRAINING begins nothing new and is over with the last operation that still owes its one answer.
"""

from enum import Enum
from math import inf

from transport.errors import Code, FormattedError, RequestError, make_error
from transport.request import OperationRequest
from transport.settings import Limits
from transport.websocket import messages
from transport.websocket.actions import (
    Action,
    Authenticate,
    Close,
    CloseCode,
    Operation,
    Run,
    Send,
    Stop,
    truncate_reason,
)
from transport.websocket.messages import Complete, Init, MalformedMessage, Message, Ping, Pong, Subscribe


class Phase(Enum):
    """How far a socket has come."""

    AWAITING_INIT = "waits for connection_init"
    AUTHENTICATING = "connection_init has come; may this client come in?"
    READY = "acknowledged"
    DRAINING = "the server stops"
    CLOSED = "over"


class ProtocolStateMachine:
    """One socket from the moment its subprotocol is agreed. All methods return what is to be done, in order."""

    def __init__(self, limits: Limits, now: float) -> None:
        self.phase = Phase.AWAITING_INIT
        self.deadline = now + limits.init_seconds
        """When `tick` must be called, if nothing else is before."""
        self._limits = limits
        self._operations: dict[str, Operation] = {}
        self._awaits_pong = False
        self._next_ping = inf
        self._tokens = float(limits.message_burst)
        self._refilled_at = now

    def received(self, text: str | None, now: float) -> list[Action]:
        """A message has come; None: it was not text."""
        if self.phase is Phase.CLOSED:
            return []
        if not self._consume_token(now):
            return self.close(CloseCode.TRY_AGAIN_LATER, "Too many messages")
        self._on_activity(now)
        try:
            message = messages.parse_message(text, self._limits)
        except MalformedMessage as malformed:
            return self.close(CloseCode.BAD_REQUEST, str(malformed))
        return self._dispatch(message)

    def authenticated(self, now: float) -> list[Action]:
        """The client may come in."""
        if self.phase is not Phase.AUTHENTICATING:
            return []
        self.phase = Phase.READY
        self._next_ping = self.deadline = now + self._limits.ping_seconds
        return [Send(messages.ACK)]

    def tick(self, now: float, *, blocked: bool = False) -> list[Action]:
        """The deadline has come. `blocked`: the client has not taken yet what was sent before, and cannot be asked."""
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
        """What `tick` wanted said was handed over only now."""
        if self._awaits_pong:
            self.deadline = now + self._limits.pong_seconds

    def is_running(self, operation: Operation) -> bool:
        """Whether something of it may still be sent."""
        return self._operations.get(operation.id) is operation

    def mark_subscription(self, operation: Operation) -> list[Action]:
        """An operation turned out to be a subscription."""
        operation.is_subscription = True
        return self._close_if_drained()

    def operation_ended(self, operation: Operation, errors: list[FormattedError] | None = None) -> list[Action]:
        """An operation is over; with `errors` if it was not executed, or broke off."""
        if not self.is_running(operation):
            return []
        del self._operations[operation.id]
        last = messages.complete(operation.id) if errors is None else messages.error(operation.id, errors)
        return [Send(last), *self._close_if_drained()]

    def drain(self) -> list[Action]:
        """The server stops: nothing new, and the end when nobody waits for an answer."""
        if self.phase is Phase.READY:
            self.phase = Phase.DRAINING
            return self._close_if_drained()
        return [] if self.phase is Phase.DRAINING else self.restart()

    def restart(self) -> list[Action]:
        """The server stops, now."""
        return self.close(CloseCode.RESTART, "Service restart")

    def close(self, code: int, reason: str) -> list[Action]:
        """The end, if it has not come yet."""
        if self.phase is Phase.CLOSED:
            return []
        self.disconnected()
        return [Close(code, truncate_reason(reason))]

    def disconnected(self) -> None:
        """The client has left."""
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
            return []  # it was not begun; the client asks again where it comes back to
        if isinstance(request, RequestError):
            return [Send(messages.error(id_, request.errors))]
        if len(self._operations) >= self._limits.socket_operations:
            return [Send(messages.error(id_, [too_many_operations(self._limits.socket_operations)]))]
        operation = self._operations[id_] = Operation(id_, request)
        return [Run(operation)]

    def _close_if_drained(self) -> list[Action]:
        if self.phase is not Phase.DRAINING or not all(one.is_subscription for one in self._operations.values()):
            return []
        return self.restart()

    def _consume_token(self, now: float) -> bool:
        passed = now - self._refilled_at
        self._refilled_at = now
        grown = self._tokens + passed * self._limits.message_rate
        self._tokens = min(grown, float(self._limits.message_burst)) - 1
        return self._tokens >= 0

    def _on_activity(self, now: float) -> None:
        # Whatever comes shows that the client is there; a pong may be stuck behind it.
        if self._awaits_pong:
            self._awaits_pong = False
            self.deadline = max(now, self._next_ping)


def too_many_operations(maximum: int) -> FormattedError:
    """The error of an operation beyond those that one socket may have at once."""
    message = f"Too many operations on one socket: {maximum + 1}, where {maximum} is the limit."
    extensions = {"limit": "operations per socket", "maximum": maximum, "number": maximum + 1}
    return make_error(Code.QUERY_TOO_COMPLEX, message, **extensions)
