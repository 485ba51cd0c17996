"""What clients of the plain peer see of a session, and what they send."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, TypeAlias

import strawberry

from bench.baselines.strawberry.rows import SessionRow, is_ended


@strawberry.enum
class SessionKind(Enum):
    CLIENT = "CLIENT"
    USER = "USER"


@strawberry.enum
class SessionState(Enum):
    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


@strawberry.interface
class Session:
    id: strawberry.ID
    kind: SessionKind
    subject: str | None
    state: SessionState
    visible: bool
    path: list[str]
    started_at: datetime
    last_seen_at: datetime
    visible_seconds: float
    revision: int


@strawberry.type
class ClientSession(Session):
    client_system: str


@strawberry.type
class UserSession(Session):
    username: str


@strawberry.type
class Problem:
    code: str
    message: str


@strawberry.type
class SessionPayload:
    session: Session | None
    problems: list[Problem]


@strawberry.type
class SessionConnection:
    nodes: list[Session]


@strawberry.enum
class SetChange(Enum):
    ADDED = "ADDED"
    UPDATED = "UPDATED"
    REMOVED = "REMOVED"


@strawberry.type
class SessionSnapshot:
    sessions: list[Session]
    total_count: int
    last: bool


@strawberry.type
class SessionChange:
    change: SetChange
    id: strawberry.ID
    session: Session
    at: datetime


ActiveSessionsItem: TypeAlias = Annotated[SessionSnapshot | SessionChange, strawberry.union("ActiveSessionsItem")]


@strawberry.input
class SessionFilter:
    kinds: list[SessionKind] | None = None
    states: list[SessionState] | None = None
    visible: bool | None = None

    def matches(self, session: Session) -> bool:
        return (
            (self.kinds is None or session.kind in self.kinds)
            and (self.states is None or session.state in self.states)
            and (self.visible is None or session.visible == self.visible)
        )


@strawberry.input
class ClientSessionInput:
    client_system: str


@strawberry.input
class UserSessionInput:
    username: str


@strawberry.input(one_of=True)
class SessionVariantInput:
    client: strawberry.Maybe[ClientSessionInput]
    user: strawberry.Maybe[UserSessionInput]


@strawberry.input
class StartSessionInput:
    variant: SessionVariantInput
    timeout_seconds: int = 1800
    path: list[str] = strawberry.field(default_factory=list)


@strawberry.input
class KeepaliveSessionInput:
    id: strawberry.ID
    visible: bool = True
    path: list[str] | None = None


def to_session(row: SessionRow, now: datetime) -> Session:
    common: dict[str, Any] = {
        "id": strawberry.ID(row.id),
        "kind": SessionKind(row.kind),
        "subject": row.subject,
        "state": SessionState.ENDED if is_ended(row, now) else SessionState.ACTIVE,
        "visible": row.visible,
        "path": row.path,
        "started_at": row.started_at,
        "last_seen_at": row.last_seen_at,
        "visible_seconds": row.visible_seconds,
        "revision": row.revision,
    }
    if row.kind == "CLIENT":
        return ClientSession(**common, client_system=row.client_system or "")
    return UserSession(**common, username=row.username or "")


def problem_payload(code: str) -> SessionPayload:
    return SessionPayload(session=None, problems=[Problem(code=code, message=code.lower())])
