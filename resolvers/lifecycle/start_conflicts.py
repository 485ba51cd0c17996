"""Starts that meet a session which is there already: the same browser of a user, the same form of a device."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.engine import Connection

from models.enums import ActivityType, Kind, ProblemCode, Scope
from models.kinds.field import FormFields
from models.kinds.user import UserFields
from models.problems import Problem
from models.tables import idempotency, session
from models.tables.project import Project
from models.tables.session import Session
from resolvers.lifecycle.creation import insert_session
from resolvers.lifecycle.removing import delete_sessions
from resolvers.lifecycle.repository import save
from resolvers.lifecycle.result import MutationResult, failure, session_result
from resolvers.lifecycle.start_input import StartRequest
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork, apply_due

StartHandler = Callable[[Connection, StartRequest, Project], MutationResult]


def create(tx: Connection, start: StartRequest, project: Project) -> MutationResult:
    """A new session: what a start means where nothing is in its way."""
    return session_result(insert_session(tx, start, project), start.now, created=True)


def reuse_active_client(tx: Connection, start: StartRequest, project: Project) -> MutationResult:
    """USER: while a session of the same (project, username, clientId) is active, answer that one untouched."""
    assert isinstance(start.variant, UserFields)
    if start.variant.client_id is None:
        return create(tx, start, project)
    existing = _find_session(
        tx,
        session.c.project_id == project.id,
        session.c.subject == start.variant.username,
        session.c.client_id == start.variant.client_id,
        session.c.ended_at.is_(None),
    )
    if existing is None:
        return create(tx, start, project)
    uow = SessionUnitOfWork(existing)
    if not apply_due(uow, start.now):
        return session_result(existing, start.now)
    # It had ended by time, unnoticed so far: that frees its place.
    save(tx, [uow])
    return create(tx, start, project)


def replace_form(tx: Connection, start: StartRequest, project: Project) -> MutationResult:
    """FIELD: a form that the project knows by its uuid, ended or not, is replaced by the new one."""
    assert isinstance(start.variant, FormFields)
    existing = start.variant.uuid and _find_session(
        tx,
        session.c.project_id == project.id,
        session.c.external_id == start.variant.uuid,
        session.c.kind == Kind.FIELD.value,
    )
    if not existing:
        return create(tx, start, project)
    if start.caller.scopes == {Scope.WRITE} and existing.subject != start.variant.unit_id:
        message = "a form with this uuid is there already, of another unit"
        return failure(Problem(("input", "variant", "field", "uuid"), message, ProblemCode.CONFLICT))
    delete_sessions(tx, [existing], ActivityType.REPLACED, start.now)
    created = insert_session(tx, start, project)
    tx.execute(idempotency.update().where(idempotency.c.session_id == existing.id).values(session_id=created.id))
    return session_result(created, start.now, created=True)


def _find_session(tx: Connection, *conditions: ColumnElement[Any]) -> Session | None:
    row = tx.execute(select(session).where(and_(*conditions))).one_or_none()
    return None if row is None else Session(*row)


CONFLICT_HANDLERS: Final[dict[Kind, StartHandler]] = {Kind.USER: reuse_active_client, Kind.FIELD: replace_form}
"""The kinds whose start may meet another session; every other kind starts anew."""
