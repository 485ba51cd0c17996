"""Starts that find an existing session: the same browser of a USER, the same form of a FIELD device."""

from collections.abc import Callable
from typing import Final

from models.database import Transaction
from models.enums import ActivityType, Kind, ProblemCode, Scope
from models.kinds.field import FormFields
from models.kinds.user import UserFields
from models.problems import Problem, quote
from models.tables.rows import Project, Session
from resolvers.lifecycle import queries, repository
from resolvers.lifecycle.creation import new_session
from resolvers.lifecycle.result import MutationResult, failure
from resolvers.lifecycle.start_input import StartRequest
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork

StartHandler = Callable[[Transaction, StartRequest, Project], MutationResult]


def create(tx: Transaction, request: StartRequest, project: Project) -> MutationResult:
    uow = new_session(request, project)
    repository.insert(tx, uow)
    return uow.result(request.now, created=True)


def reuse_active_client(tx: Transaction, request: StartRequest, project: Project) -> MutationResult:
    """Return the active USER session of the same project, username and clientId, unchanged; else create one."""
    assert isinstance(request.variant, UserFields)
    username, client_id = request.variant.username, request.variant.client_id
    if client_id is None or username is None:
        return create(tx, request, project)
    existing = queries.find_active_user_session(tx, project.id, username, client_id)
    if existing is None:
        return create(tx, request, project)
    uow = SessionUnitOfWork(existing)
    if not uow.apply_due(request.now):
        return uow.result(request.now)
    # It had expired and the sweeper has not persisted that yet: until then it holds the unique slot.
    repository.save(tx, [uow])
    return create(tx, request, project)


def replace_form(tx: Transaction, request: StartRequest, project: Project) -> MutationResult:
    """Replace the FIELD session with the same uuid, ended or not; else create one."""
    assert isinstance(request.variant, FormFields)
    uuid = request.variant.uuid
    existing = queries.find_form_session(tx, project.id, uuid) if uuid else None
    if existing is None:
        return create(tx, request, project)
    if problems := _form_conflict(request, existing):
        return failure(*problems)
    repository.delete_sessions(tx, [existing], ActivityType.REPLACED, request.now)
    uow = new_session(request, project)
    repository.insert(tx, uow)
    repository.redirect_idempotency_keys(tx, existing.id, uow.session.id)
    return uow.result(request.now, created=True)


def find_conflict(tx: Transaction, request: StartRequest, project: Project) -> list[Problem]:
    """List why the handler would refuse a start."""
    uuid = request.variant.uuid if isinstance(request.variant, FormFields) else None
    existing = queries.find_form_session(tx, project.id, uuid) if uuid else None
    return [] if existing is None else _form_conflict(request, existing)


def _form_conflict(request: StartRequest, existing: Session) -> list[Problem]:
    assert isinstance(request.variant, FormFields)
    if request.caller.scopes != {Scope.WRITE} or existing.subject == request.variant.unit_id:
        return []
    message = f"is the uuid of a form of another unit than {quote(request.variant.unit_id)}"
    return [Problem(("input", "variant", "field", "uuid"), message, ProblemCode.CONFLICT)]


CONFLICT_HANDLERS: Final[dict[Kind, StartHandler]] = {Kind.USER: reuse_active_client, Kind.FIELD: replace_form}
"""Kinds whose start may find an existing session; all others create one."""
