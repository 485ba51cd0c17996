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
from models.problems import Problem
from models.tables import idempotency, session
from models.tables.session import Session
from models.uploaded_file import UploadedFile
from resolvers.lifecycle.result import MutationResult, failure, session_result
from resolvers.lifecycle.start_input import StartRequest

KEY_TTL_MS: Final = DAY
"""How long a key is good for."""

_KEY_PATH: Final = ("input", "idempotencyKey")


def digest_of(values: Mapping[str, Any], kind: Kind, variant: Mapping[str, Any]) -> str:
    """SHA-256 of an input as coerced, so that the order of its fields and its spelling make no difference.

    Files count by their contents alone.
    """
    # A file may be a dataclass, which is not to be taken apart.
    options = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
    return hashlib.sha256(orjson.dumps([values, kind, variant], default=_digestable, option=options)).hexdigest()


def _digestable(value: bytes | UploadedFile) -> object:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else {"sha256": value.sha256}


def find_replay(tx: Connection, start: StartRequest, project_id: str) -> MutationResult | None:
    """The answer that the key of this start has had already; null where it is new (or there is none)."""
    if start.common.idempotency_key is None:
        return None
    stored = tx.execute(
        select(idempotency.c.digest, idempotency.c.session_id).where(
            idempotency.c.project_id == project_id,
            idempotency.c.caller_id == start.caller.id,
            idempotency.c.key == start.common.idempotency_key,
            idempotency.c.created_at > start.now - KEY_TTL_MS,
        )
    ).one_or_none()
    if stored is None:
        return None
    if stored.digest != start.digest:
        message = "this key was used in the last 24 hours for a start with other input"
        return failure(Problem(_KEY_PATH, message, ProblemCode.CONFLICT))
    row = tx.execute(select(session).where(session.c.id == stored.session_id)).one_or_none()
    if row is None:
        return failure(Problem(_KEY_PATH, "the session that this key started was deleted", ProblemCode.NOT_FOUND))
    return session_result(Session(*row), start.now)


def store_key(tx: Connection, start: StartRequest, s: Session) -> None:
    """Keep the key of this start, if it has one, with the session that it answers."""
    if start.common.idempotency_key is None:
        return
    tx.execute(
        upsert(
            tx,
            idempotency,
            key=("project_id", "caller_id", "key"),
            overwrite=("digest", "session_id", "created_at"),
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
