"""Idempotency keys of starts: one session, however often and concurrently a start is sent."""

from typing import Final

from models.clock import DAY
from models.database import Transaction
from models.enums import ProblemCode
from models.problems import Problem
from models.tables.rows import Session
from resolvers.lifecycle import queries, repository
from resolvers.lifecycle.result import MutationResult, failure
from resolvers.lifecycle.start_input import StartRequest
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork

KEY_TTL_MS: Final = DAY
"""How long a key is valid."""

_KEY_PATH: Final = ("input", "idempotencyKey")


def find_replay(tx: Transaction, request: StartRequest, project_id: str) -> MutationResult | None:
    """Find the result that this request's key had before; null if the key is new or absent."""
    key = request.common.idempotency_key
    if key is None:
        return None
    stored = queries.find_idempotency_key(tx, project_id, request.caller.id, key, request.now - KEY_TTL_MS)
    if stored is None:
        return None
    if stored.digest != request.digest:
        message = "must be a new key for new input: it was used for another start in the last 24 hours"
        return failure(Problem(_KEY_PATH, message, ProblemCode.CONFLICT))
    session = repository.find_session(tx, request.caller, stored.session_id)
    if session is None:
        return failure(
            Problem(_KEY_PATH, "must be a new key: the session that it started was deleted", ProblemCode.NOT_FOUND)
        )
    return SessionUnitOfWork(session).result(request.now)


def store_key(tx: Transaction, request: StartRequest, session: Session) -> None:
    if request.common.idempotency_key is not None:
        row = {
            "project_id": session.project_id,
            "caller_id": request.caller.id,
            "key": request.common.idempotency_key,
            "digest": request.digest,
            "session_id": session.id,
            "created_at": request.now,
        }
        repository.store_idempotency_key(tx, row)
