"""Starts that meet a session which is there already: the same browser of a user, the same form of a device."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.engine import Connection

from models.enums import ActivityType, Kind, ProblemCode, Scope
from models.kinds.field import FieldFields
from models.kinds.user import UserFields
from models.tables import idempotency, session
from models.tables.project import Project
from models.tables.session import Session
from resolvers.errors import Problem
from resolvers.lifecycle.creation import bear
from resolvers.lifecycle.removing import remove
from resolvers.lifecycle.repository import write_drafts
from resolvers.lifecycle.result import Outcome, outcome, refused
from resolvers.lifecycle.start_input import Start
from resolvers.lifecycle.unit_of_work import Draft, settle

Meeting = Callable[[Connection, Start, Project], Outcome]


def start_anew(tx: Connection, start: Start, project: Project) -> Outcome:
    """A new session: what a start means where nothing is in its way."""
    return outcome(bear(tx, start, project), start.now, created=True)


def start_user(tx: Connection, start: Start, project: Project) -> Outcome:
    """USER: while a session of the same (project, username, clientId) is active, answer that one untouched."""
    assert isinstance(start.own, UserFields)
    if start.own.client_id is None:
        return start_anew(tx, start, project)
    there = _one(
        tx,
        session.c.project_id == project.id,
        session.c.subject == start.own.username,
        session.c.client_id == start.own.client_id,
        session.c.ended_at.is_(None),
    )
    if there is None:
        return start_anew(tx, start, project)
    draft = Draft(there)
    if not settle(draft, start.now):
        return outcome(there, start.now)
    # It had ended by time, unnoticed so far: that frees its place.
    write_drafts(tx, [draft])
    return start_anew(tx, start, project)


def start_field(tx: Connection, start: Start, project: Project) -> Outcome:
    """FIELD: a form that the project knows by its uuid, ended or not, is replaced by the new one."""
    assert isinstance(start.own, FieldFields)
    there = start.own.uuid and _one(
        tx,
        session.c.project_id == project.id,
        session.c.external_id == start.own.uuid,
        session.c.kind == Kind.FIELD.value,
    )
    if not there:
        return start_anew(tx, start, project)
    if start.caller.scopes == {Scope.WRITE} and there.subject != start.own.unit_id:
        message = "a form with this uuid is there already, of another unit"
        return refused(Problem(ProblemCode.CONFLICT, message, ("input", "variant", "field", "uuid")))
    remove(tx, [there], ActivityType.REPLACED, start.now)
    new = bear(tx, start, project)
    tx.execute(idempotency.update().where(idempotency.c.session_id == there.id).values(session_id=new.id))
    return outcome(new, start.now, created=True)


def _one(tx: Connection, *conditions: ColumnElement[Any]) -> Session | None:
    row = tx.execute(select(session).where(and_(*conditions))).one_or_none()
    return None if row is None else Session(*row)


MEETINGS: Final[dict[Kind, Meeting]] = {Kind.USER: start_user, Kind.FIELD: start_field}
"""The kinds whose start may meet another session; every other kind starts anew."""
