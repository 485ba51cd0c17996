"""What the protocol wants done on a socket."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from transport.request import OperationRequest

MAX_REASON_BYTES: Final = 123
"""Length of the reason in a close frame, in UTF-8."""


class CloseCode(IntEnum):
    """Why the server closes a socket. Clients come back after the first four, and give up after the others."""

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
    """One operation that was asked for on a socket."""

    id: str
    request: OperationRequest
    is_subscription: bool = False
    """Whether it is a subscription: nothing waits for its end."""


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Find out whether the client may come in, then call `admitted` or `turned_away`."""

    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """Run an operation, and call `ended` when it is over."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop an operation; nothing of it may be sent any more."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Close:
    """Stop everything and close the socket."""

    code: int
    reason: str


Action: TypeAlias = Authenticate | Send | Run | Stop | Close


def truncate_reason(reason: str) -> str:
    """A reason that fits into a close frame."""
    return reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
