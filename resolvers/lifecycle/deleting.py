"""Removing one session for good."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.enums import ActivityType, Scope
from models.tables import session
from models.tables.session import Session
from resolvers.access import in_reach, require
from resolvers.context import Context
from resolvers.lifecycle.removing import remove
from resolvers.lifecycle.result import Outcome, not_found, refused


class _Removal(NamedTuple):
    context: Context
    id: str


async def delete_session(context: Context, id: str) -> Outcome:  # noqa: A002 - the word clients use
    """Remove a session, its timeline, points and files. The answer shows no session, gone as it is."""
    require(context.caller, Scope.ADMIN)
    return await context.change(_delete, _Removal(context, id))


def _delete(tx: Connection, removals: Sequence[_Removal]) -> list[Outcome]:
    return [_delete_one(tx, removal.context, removal.id) for removal in removals]


def _delete_one(tx: Connection, context: Context, session_id: str) -> Outcome:
    mine = in_reach(context.caller, session.c.project_id)
    row = tx.execute(select(session).where(mine, session.c.id == session_id)).one_or_none()
    if row is None:
        return not_found("id")
    remove(tx, [Session(*row)], ActivityType.DELETED, context.now)
    return refused()
