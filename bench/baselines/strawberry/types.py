"""GraphQL types, and the table they are made from."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, TypeAlias

import strawberry
from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    id: str = Field(primary_key=True)
    kind: str
    subject: str | None = None
    visible: bool = True
    path: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    started_at: datetime = Field(index=True)
    last_seen_at: datetime = Field(index=True)
    timeout_seconds: int
    ended_at: datetime | None = None
    visible_seconds: float = 0.0
    revision: int = 1
    client_system: str | None = None
    username: str | None = None

    def is_ended(self, now: datetime) -> bool:
        return self.ended_at is not None or self.last_seen_at + timedelta(seconds=self.timeout_seconds) <= now


@strawberry.interface
class Session:
    id: strawberry.ID
    kind: str
    subject: str | None
    state: str
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


@strawberry.type
class SessionSnapshot:
    sessions: list[Session]
    total_count: int
    last: bool


@strawberry.type
class SessionChange:
    change: str
    id: strawberry.ID
    session: Session
    at: datetime


ActiveSessionsItem: TypeAlias = Annotated[SessionSnapshot | SessionChange, strawberry.union("ActiveSessionsItem")]


@strawberry.input
class SessionFilter:
    kinds: list[str] | None = None
    states: list[str] | None = None
    visible: bool | None = None
    started_after: datetime | None = None

    def matches(self, session: Session) -> bool:
        return (
            (self.kinds is None or session.kind in self.kinds)
            and (self.states is None or session.state in self.states)
            and (self.visible is None or session.visible == self.visible)
            and (self.started_after is None or session.started_at > self.started_after)
        )


@strawberry.enum
class SessionOrderField(Enum):
    STARTED_AT = "STARTED_AT"
    LAST_SEEN_AT = "LAST_SEEN_AT"


@strawberry.enum
class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


@strawberry.input
class SessionOrder:
    field: SessionOrderField
    direction: OrderDirection


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


def utc_now() -> datetime:
    return datetime.now(UTC)


def to_session(row: SessionRow, now: datetime) -> Session:
    common: dict[str, Any] = row.model_dump(exclude={"timeout_seconds", "ended_at", "client_system", "username"})
    common["state"] = "ENDED" if row.is_ended(now) else "ACTIVE"
    if row.kind == "CLIENT":
        return ClientSession(**common, client_system=row.client_system or "")
    return UserSession(**common, username=row.username or "")
