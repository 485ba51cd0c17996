"""The plain peer: strawberry's own ASGI application, SQLModel's ORM and aiosqlite, written as their documentation
shows it. It takes the requests that the figures send, keeps two kinds of session, and does less for them than Session
Graph (no timeline, no times by path, no projects): where it differs, the difference is in its favour.

`python -m bench.peers.plain PORT DATABASE`
"""

import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import strawberry
import uvicorn
from sqlalchemy import JSON, Column, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from strawberry.asgi import GraphQL


class SessionRow(SQLModel, table=True):
    id: str = Field(primary_key=True)
    kind: str
    subject: str | None = None
    visible: bool = True
    path: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    started_at: datetime = Field(index=True)
    last_seen_at: datetime
    timeout_seconds: int
    ended_at: datetime | None = None
    visible_seconds: float = 0.0
    revision: int = 1
    client_system: str | None = None
    username: str | None = None


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


def is_over(row: SessionRow, now: datetime) -> bool:
    return row.ended_at is not None or row.last_seen_at + timedelta(seconds=row.timeout_seconds) <= now


def shown(row: SessionRow, now: datetime) -> Session:
    common: dict[str, Any] = {
        "id": strawberry.ID(row.id),
        "kind": SessionKind(row.kind),
        "subject": row.subject,
        "state": SessionState.ENDED if is_over(row, now) else SessionState.ACTIVE,
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


def present() -> datetime:
    return datetime.now(UTC)


def refused(code: str) -> SessionPayload:
    return SessionPayload(session=None, problems=[Problem(code=code, message=code.lower())])


@strawberry.type
class Query:
    @strawberry.field
    async def sessions(self, info: strawberry.Info, first: int = 50) -> SessionConnection:
        newest = select(SessionRow).order_by(col(SessionRow.started_at).desc(), col(SessionRow.id)).limit(first)
        async with AsyncSession(info.context["engine"]) as tx:
            rows = (await tx.exec(newest)).all()
            now = present()
            return SessionConnection(nodes=[shown(row, now) for row in rows])


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def start_session(self, info: strawberry.Info, input: StartSessionInput) -> SessionPayload:  # noqa: A002 - the contract's name
        now = present()
        row = SessionRow(
            id=secrets.token_urlsafe(16),
            kind="CLIENT",
            path=input.path,
            started_at=now,
            last_seen_at=now,
            timeout_seconds=input.timeout_seconds,
        )
        if input.variant.client:
            row.client_system = input.variant.client.value.client_system
        elif input.variant.user:
            row.kind, row.subject = "USER", input.variant.user.value.username
            row.username = row.subject
        async with AsyncSession(info.context["engine"], expire_on_commit=False) as tx:
            tx.add(row)
            await tx.commit()
        return SessionPayload(session=shown(row, now), problems=[])

    @strawberry.mutation
    async def keepalive_session(self, info: strawberry.Info, input: KeepaliveSessionInput) -> SessionPayload:  # noqa: A002 - the contract's name
        now = present()
        async with AsyncSession(info.context["engine"], expire_on_commit=False) as tx:
            row = await tx.get(SessionRow, input.id)
            if row is None:
                return refused("NOT_FOUND")
            if is_over(row, now):
                return refused("SESSION_ENDED")
            if row.visible:
                row.visible_seconds += (now - row.last_seen_at).total_seconds()
            row.last_seen_at, row.visible = now, input.visible
            if input.path is not None:
                row.path = input.path
            row.revision += 1
            tx.add(row)
            await tx.commit()
            return SessionPayload(session=shown(row, now), problems=[])


class Endpoint(GraphQL[dict[str, Any], None]):
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {"request": request, "response": response, "engine": request.app.state.engine}


def durable_engine(database: str) -> AsyncEngine:
    """SQLite with a write-ahead log; a commit is on disk when it returns."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{database}")

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine


def create_app(database: str) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.engine = durable_engine(database)
        async with app.state.engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
        yield
        await app.state.engine.dispose()

    schema = strawberry.Schema(Query, Mutation, types=[ClientSession, UserSession])
    routes = [Route("/graphql", Endpoint(schema)), Route("/readyz", readyz)]
    return Starlette(routes=routes, lifespan=lifespan)


async def readyz(_: Request) -> Response:
    return PlainTextResponse("ready\n")


if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), access_log=False)
