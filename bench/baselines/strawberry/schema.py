"""What the plain peer answers."""

import secrets
from collections.abc import AsyncGenerator

import strawberry
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.baselines.strawberry.changes import ChangeBroadcaster
from bench.baselines.strawberry.rows import SessionRow, is_ended, utc_now
from bench.baselines.strawberry.types import (
    ActiveSessionsItem,
    KeepaliveSessionInput,
    SessionChange,
    SessionConnection,
    SessionFilter,
    SessionPayload,
    SessionSnapshot,
    SetChange,
    StartSessionInput,
    problem_payload,
    to_session,
)


@strawberry.type
class Query:
    @strawberry.field
    async def sessions(self, info: strawberry.Info, first: int = 50) -> SessionConnection:
        newest = select(SessionRow).order_by(col(SessionRow.started_at).desc(), col(SessionRow.id)).limit(first)
        async with AsyncSession(info.context["engine"]) as tx:
            rows = (await tx.exec(newest)).all()
            now = utc_now()
            return SessionConnection(nodes=[to_session(row, now) for row in rows])


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def start_session(self, info: strawberry.Info, input: StartSessionInput) -> SessionPayload:  # noqa: A002 - the contract's name
        now = utc_now()
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
        session = to_session(row, now)
        info.context["changes"].publish(SessionChange(change=SetChange.ADDED, id=session.id, session=session, at=now))
        return SessionPayload(session=session, problems=[])

    @strawberry.mutation
    async def keepalive_session(self, info: strawberry.Info, input: KeepaliveSessionInput) -> SessionPayload:  # noqa: A002 - the contract's name
        now = utc_now()
        async with AsyncSession(info.context["engine"], expire_on_commit=False) as tx:
            row = await tx.get(SessionRow, input.id)
            if row is None:
                return problem_payload("NOT_FOUND")
            if is_ended(row, now):
                return problem_payload("SESSION_ENDED")
            before = row.visible, row.path
            if row.visible:
                row.visible_seconds += (now - row.last_seen_at).total_seconds()
            row.last_seen_at, row.visible = now, input.visible
            if input.path is not None:
                row.path = input.path
            row.revision += 1
            tx.add(row)
            await tx.commit()
        session = to_session(row, now)
        if (row.visible, row.path) != before:
            change = SessionChange(change=SetChange.UPDATED, id=session.id, session=session, at=now)
            info.context["changes"].publish(change)
        return SessionPayload(session=session, problems=[])


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def active_sessions(
        self,
        info: strawberry.Info,
        filter: SessionFilter | None = None,  # noqa: A002 - the contract's name
    ) -> AsyncGenerator[ActiveSessionsItem, None]:
        changes: ChangeBroadcaster = info.context["changes"]
        with changes.subscribed() as queue:
            async with AsyncSession(info.context["engine"]) as tx:
                newest = select(SessionRow).order_by(col(SessionRow.started_at).desc(), col(SessionRow.id))
                rows = (await tx.exec(newest)).all()
            now = utc_now()
            sessions = [to_session(row, now) for row in rows if not is_ended(row, now)]
            chosen = [session for session in sessions if filter is None or filter.matches(session)]
            yield SessionSnapshot(sessions=chosen, total_count=len(chosen), last=True)
            while True:
                change = await queue.get()
                if filter is None or filter.matches(change.session):
                    yield change
