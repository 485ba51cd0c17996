"""Reads that commands need besides the sessions they name."""

from typing import Final, NamedTuple

from sqlalchemy import BigInteger, Integer, and_, bindparam, or_, select

from models.clock import Instant
from models.database import Statement, Transaction
from models.dialect import bounded_range, no_index
from models.enums import Kind
from models.tables import idempotency, session
from models.tables.rows import Session


class StoredKey(NamedTuple):
    """An idempotency key: the digest of the input it was used with, and the session it started."""

    digest: str
    session_id: str


_ACTIVE_USER: Final = Statement(
    select(session).where(
        session.c.project_id == bindparam("project_id"),
        session.c.subject == bindparam("username"),
        session.c.client_id == bindparam("client_id"),
        session.c.ended_at.is_(None),
    ),
    Session,
)


def find_active_user_session(tx: Transaction, project_id: str, username: str, client_id: str) -> Session | None:
    return _ACTIVE_USER.first(tx, project_id=project_id, username=username, client_id=client_id)


_FORM: Final = Statement(
    select(session).where(
        session.c.project_id == bindparam("project_id"),
        session.c.external_id == bindparam("uuid"),
        session.c.kind == Kind.FIELD.value,
    ),
    Session,
)


def find_form_session(tx: Transaction, project_id: str, uuid: str) -> Session | None:
    return _FORM.first(tx, project_id=project_id, uuid=uuid)


_KEY: Final = Statement(
    select(idempotency.c.digest, idempotency.c.session_id).where(
        idempotency.c.project_id == bindparam("project_id"),
        idempotency.c.caller_id == bindparam("caller_id"),
        idempotency.c.key == bindparam("key"),
        idempotency.c.created_at > bindparam("created_after"),
    )
)


def find_idempotency_key(
    tx: Transaction, project_id: str, caller_id: str, key: str, created_after: Instant
) -> StoredKey | None:
    row = _KEY.first(tx, project_id=project_id, caller_id=caller_id, key=key, created_after=created_after)
    return None if row is None else StoredKey(*row)


_ENDED: Final = Statement(
    select(session).where(session.c.ended_at <= bindparam("until")).limit(bindparam("limit", type_=Integer)), Session
)


def find_ended(tx: Transaction, until: Instant, limit: int) -> list[Session]:
    return _ENDED.rows(tx, until=until, limit=limit)


_DUE: Final = Statement(
    select(session.c.id)
    .where(
        no_index(session.c.ended_at).is_(None),
        bounded_range(session.c.due_at, before=bindparam("due_before", type_=BigInteger)),
        or_(
            session.c.expires_at <= bindparam("now"),
            and_(session.c.begun.is_(False), session.c.started_at <= bindparam("now")),
        ),
    )
    .limit(1)
)


def any_due(tx: Transaction, now: Instant) -> bool:
    """Whether any session has a transition that is due at `now` and not yet persisted."""
    return _DUE.first(tx, now=now, due_before=now + 1) is not None
