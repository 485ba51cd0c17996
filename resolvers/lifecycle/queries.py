"""Reads that commands need besides the sessions they name."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select

from models.clock import Instant
from models.database import Transaction
from models.dialect import bounded_range, no_index
from models.enums import Kind
from models.tables import idempotency, session
from models.tables.rows import Session
from resolvers.access import Caller
from resolvers.filters import project_condition


class StoredKey(NamedTuple):
    """An idempotency key: the digest of the input it was used with, and the session it started."""

    digest: str
    session_id: str


def find_session(tx: Transaction, caller: Caller, session_id: str) -> Session | None:
    return _find(tx, project_condition(caller, no_index(session.c.project_id)), session.c.id == session_id)


def find_active_user_session(tx: Transaction, project_id: str, username: str, client_id: str) -> Session | None:
    return _find(
        tx,
        session.c.project_id == project_id,
        session.c.subject == username,
        session.c.client_id == client_id,
        session.c.ended_at.is_(None),
    )


def find_form_session(tx: Transaction, project_id: str, uuid: str) -> Session | None:
    return _find(
        tx,
        session.c.project_id == project_id,
        session.c.external_id == uuid,
        session.c.kind == Kind.FIELD.value,
    )


def _find(tx: Transaction, *conditions: ColumnElement[bool]) -> Session | None:
    row = tx.execute(select(session).where(and_(*conditions))).one_or_none()
    return None if row is None else Session(*row)


def find_idempotency_key(
    tx: Transaction, project_id: str, caller_id: str, key: str, created_after: Instant
) -> StoredKey | None:
    row = tx.execute(
        select(idempotency.c.digest, idempotency.c.session_id).where(
            idempotency.c.project_id == project_id,
            idempotency.c.caller_id == caller_id,
            idempotency.c.key == key,
            idempotency.c.created_at > created_after,
        )
    ).one_or_none()
    return None if row is None else StoredKey(*row)


def find_ended(tx: Transaction, until: Instant, limit: int) -> list[Session]:
    ended = select(session).where(session.c.ended_at <= until).limit(limit)
    return [Session(*row) for row in tx.execute(ended)]


def any_due(tx: Transaction, now: Instant) -> bool:
    """Whether any session has a transition that is due at `now` and not yet persisted."""
    starts = and_(session.c.begun.is_(False), session.c.started_at <= now)
    has_due_transition = and_(
        no_index(session.c.ended_at).is_(None),
        bounded_range(session.c.due_at, before=now + 1),
        or_(session.c.expires_at <= now, starts),
    )
    return tx.execute(select(session.c.id).where(has_due_transition).limit(1)).first() is not None
