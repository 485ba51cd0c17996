"""Removing one session for good."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.enums import ActivityType, Scope
from models.tables import session
from models.tables.session import Session
from resolvers.access import require
from resolvers.context import Context
from resolvers.filters import project_condition
from resolvers.lifecycle.removing import delete_sessions
from resolvers.lifecycle.result import MutationResult, failure, not_found


class _Deletion(NamedTuple):
    context: Context
    id: str


async def delete_session(context: Context, id: str) -> MutationResult:  # noqa: A002 - the word clients use
    """Remove a session, its timeline, points and files. The answer shows no session, gone as it is."""
    require(context.caller, Scope.ADMIN)
    return await context.write(_delete, _Deletion(context, id))


def _delete(tx: Connection, deletion: _Deletion) -> MutationResult:
    context, session_id = deletion
    in_scope = project_condition(context.caller, session.c.project_id)
    row = tx.execute(select(session).where(in_scope, session.c.id == session_id)).one_or_none()
    if row is None:
        return not_found("id")
    delete_sessions(tx, [Session(*row)], ActivityType.DELETED, context.now)
    return failure()
