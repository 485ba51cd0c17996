"""Repeating a start by its key: one session, however often and however concurrently it is sent."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.clock import DAY
from models.dialect import upsert
from models.enums import Kind, ProblemCode
from models.tables import idempotency, session
from models.tables.session import Session
from models.uploaded_file import IncomingFile
from resolvers.errors import Problem
from resolvers.lifecycle.result import Outcome, outcome, refused
from resolvers.lifecycle.start_input import Start

KEPT: Final = DAY
"""How long a key is good for."""

_PLACE: Final = ("input", "idempotencyKey")


def digest_of(values: Mapping[str, Any], kind: Kind, variant: Mapping[str, Any]) -> str:
    """SHA-256 of an input as coerced, so that the order of its fields and its spelling make no difference.

    Files count by their contents alone.
    """
    # A file may be a dataclass, which is not to be taken apart.
    options = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
    return hashlib.sha256(orjson.dumps([values, kind, variant], default=_told, option=options)).hexdigest()


def _told(value: bytes | IncomingFile) -> object:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else {"sha256": value.sha256}


def repeated_start(tx: Connection, start: Start, project_id: str) -> Outcome | None:
    """The answer that the key of this start has had already; null where it is new (or there is none)."""
    if start.common.idempotency_key is None:
        return None
    known = tx.execute(
        select(idempotency.c.digest, idempotency.c.session_id).where(
            idempotency.c.project_id == project_id,
            idempotency.c.caller_id == start.caller.id,
            idempotency.c.key == start.common.idempotency_key,
            idempotency.c.created_at > start.now - KEPT,
        )
    ).one_or_none()
    if known is None:
        return None
    if known.digest != start.digest:
        message = "this key was used in the last 24 hours for a start with other input"
        return refused(Problem(ProblemCode.CONFLICT, message, _PLACE))
    row = tx.execute(select(session).where(session.c.id == known.session_id)).one_or_none()
    if row is None:
        return refused(Problem(ProblemCode.NOT_FOUND, "the session that this key started was deleted", _PLACE))
    return outcome(Session(*row), start.now)


def remember_start(tx: Connection, start: Start, s: Session) -> None:
    """Keep the key of this start, if it has one, with the session that it answers."""
    if start.common.idempotency_key is None:
        return
    tx.execute(
        upsert(
            tx,
            idempotency,
            key=("project_id", "caller_id", "key"),
            replaced=("digest", "session_id", "created_at"),
        ),
        {
            "project_id": s.project_id,
            "caller_id": start.caller.id,
            "key": start.common.idempotency_key,
            "digest": start.digest,
            "session_id": s.id,
            "created_at": start.now,
        },
    )
