"""Operations and application."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import strawberry
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from bench.baselines.strawberry.types import (
    ActiveSessionsItem,
    ClientSession,
    KeepaliveSessionInput,
    OrderDirection,
    Problem,
    Session,
    SessionChange,
    SessionConnection,
    SessionFilter,
    SessionOrder,
    SessionOrderField,
    SessionPayload,
    SessionRow,
    SessionSnapshot,
    StartSessionInput,
    UserSession,
    to_session,
    utc_now,
)

NEWEST = select(SessionRow).order_by(col(SessionRow.started_at).desc(), col(SessionRow.id))
COLUMNS = {
    SessionOrderField.STARTED_AT: col(SessionRow.started_at),
    SessionOrderField.LAST_SEEN_AT: col(SessionRow.last_seen_at),
}


class ChangeBroadcaster:
    """Publishes changes to a queue for each subscriber."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[SessionChange]] = set()

    def publish(self, change: str, row: SessionRow) -> SessionPayload:
        session = to_session(row, row.last_seen_at)
        for queue in self.queues:
            queue.put_nowait(SessionChange(change=change, id=session.id, session=session, at=row.last_seen_at))
        return SessionPayload(session=session, problems=[])


@strawberry.type
class Query:
    @strawberry.field
    async def sessions(
        self,
        info: strawberry.Info,
        first: int = 50,
        filter: SessionFilter | None = None,  # noqa: A002 - the API's name
        order_by: list[SessionOrder] | None = None,
    ) -> SessionConnection:
        newest = NEWEST
        if order_by:
            column = COLUMNS[order_by[0].field]
            ordered = column.desc() if order_by[0].direction is OrderDirection.DESC else column.asc()
            newest = select(SessionRow).order_by(ordered, col(SessionRow.id))
        if filter and filter.started_after:  # the only filter that the benchmark asks for
            newest = newest.where(col(SessionRow.started_at) > filter.started_after)
        async with AsyncSession(info.context["engine"]) as tx:
            rows = (await tx.exec(newest.limit(first))).all()
            now = utc_now()
            return SessionConnection(nodes=[to_session(row, now) for row in rows])

    @strawberry.field
    async def session(self, info: strawberry.Info, id: strawberry.ID) -> Session | None:  # noqa: A002 - the API's name
        async with AsyncSession(info.context["engine"]) as tx:
            row = await tx.get(SessionRow, id)
            return None if row is None else to_session(row, utc_now())


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def start_session(self, info: strawberry.Info, input: StartSessionInput) -> SessionPayload:  # noqa: A002 - the API's name
        now = utc_now()
        times: dict[str, Any] = {"started_at": now, "last_seen_at": now, "timeout_seconds": input.timeout_seconds}
        row = SessionRow(id=secrets.token_urlsafe(16), kind="CLIENT", path=input.path, **times)
        if input.variant.client:
            row.client_system = input.variant.client.value.client_system
        elif input.variant.user:
            row.kind, row.subject = "USER", input.variant.user.value.username
            row.username = row.subject
        async with AsyncSession(info.context["engine"], expire_on_commit=False) as tx:
            tx.add(row)
            await tx.commit()
        broadcaster: ChangeBroadcaster = info.context["broadcaster"]
        return broadcaster.publish("ADDED", row)

    @strawberry.mutation
    async def keepalive_session(self, info: strawberry.Info, input: KeepaliveSessionInput) -> SessionPayload:  # noqa: A002 - the API's name
        now = utc_now()
        async with AsyncSession(info.context["engine"], expire_on_commit=False) as tx:
            row = await tx.get(SessionRow, input.id)
            if row is None or row.is_ended(now):
                code = "NOT_FOUND" if row is None else "SESSION_ENDED"
                return SessionPayload(session=None, problems=[Problem(code=code, message=code.lower())])
            before = row.visible, row.path
            if row.visible:
                row.visible_seconds += (now - row.last_seen_at).total_seconds()
            row.last_seen_at, row.visible = now, input.visible
            if input.path is not None:
                row.path = input.path
            row.revision += 1
            tx.add(row)
            await tx.commit()
        if (row.visible, row.path) == before:
            return SessionPayload(session=to_session(row, now), problems=[])
        broadcaster: ChangeBroadcaster = info.context["broadcaster"]
        return broadcaster.publish("UPDATED", row)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def active_sessions(
        self,
        info: strawberry.Info,
        filter: SessionFilter | None = None,  # noqa: A002 - the API's name
    ) -> AsyncGenerator[ActiveSessionsItem, None]:
        broadcaster: ChangeBroadcaster = info.context["broadcaster"]
        queue: asyncio.Queue[SessionChange] = asyncio.Queue()
        broadcaster.queues.add(queue)
        try:
            async with AsyncSession(info.context["engine"]) as tx:
                rows = (await tx.exec(NEWEST)).all()
            now = utc_now()
            sessions = [to_session(row, now) for row in rows if not row.is_ended(now)]
            matching = [session for session in sessions if filter is None or filter.matches(session)]
            yield SessionSnapshot(sessions=matching, total_count=len(matching), last=True)
            while True:
                change = await queue.get()
                if filter is None or filter.matches(change.session):
                    yield change
        finally:
            broadcaster.queues.discard(queue)


class Endpoint(GraphQL[dict[str, Any], None]):
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        state = request.app.state
        return {"request": request, "response": response, "engine": state.engine, "broadcaster": state.broadcaster}


def create_app(database: str) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.engine, app.state.broadcaster = _durable_engine(database), ChangeBroadcaster()
        async with app.state.engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
        yield
        await app.state.engine.dispose()

    async def readyz(_: Request) -> Response:
        return PlainTextResponse("ready\n")

    schema = strawberry.Schema(Query, Mutation, Subscription, types=[ClientSession, UserSession])
    endpoint = Endpoint(schema, subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL))
    routes = [Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint), Route("/readyz", readyz)]
    return Starlette(routes=routes, lifespan=lifespan)


def _durable_engine(database: str) -> AsyncEngine:
    engine = create_async_engine(f"sqlite+aiosqlite:///{database}")

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine
