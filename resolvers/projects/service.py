"""Projects: reading, creating, updating and deleting them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from models.clock import Instant
from models.database import Transaction
from models.enums import AuditAction, ProblemCode, Scope
from models.kinds.project import DEFAULT_PROJECT, NOT_NULLABLE, KindTimeoutFields, NewProjectFields, ProjectFields
from models.kinds.validation import validate
from models.problems import Problem, prefix_paths, quote
from models.tables.rows import AuditEntry, Project
from resolvers.access import Caller, require
from resolvers.audit.entry import new_entry
from resolvers.audit.repository import append_entries
from resolvers.context import Context
from resolvers.lifecycle.result import MutationResult, failure
from resolvers.loaders import resolved
from resolvers.pagination.keyset import ALL, Page, PageArgs, Selection, read_page
from resolvers.projects import repository

_ID_PATH: Final = ("input", "id")


class _ProjectChange(NamedTuple):
    caller: Caller
    now: Instant
    fields: ProjectFields
    problems: list[Problem]
    """Those of the input by itself."""


class _ProjectDeletion(NamedTuple):
    caller: Caller
    now: Instant
    id: str


async def get_project(context: Context, project_id: str) -> Project | None:
    """Find a project by id; null if there is none in the caller's projects."""
    return await resolved(context.loaders.project(project_id)) if project_id.isascii() else None


async def list_projects(context: Context, page: PageArgs, selection: Selection = ALL) -> Page[Project]:
    """Read a page of the caller's projects, by id.

    Raises:
        Forbidden: the caller has neither READ nor ADMIN.
        BadUserInput: a page argument is out of range, or a cursor is of another list.
    """
    require(context.caller, Scope.READ, Scope.ADMIN)
    return await read_page(context.database, repository.projects_query(context.caller), page, selection)


async def create_project(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """Create a project under an id that the caller chooses."""
    require(context.caller, Scope.ADMIN)
    validated = validate(NewProjectFields, values)
    problems = prefix_paths(validated.problems, "input")
    return await context.write(_create, _ProjectChange(context.caller, context.now, validated.fields, problems))


async def update_project(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """Update the provided fields of a project; null clears the timeouts, and is refused for any other field."""
    require(context.caller, Scope.ADMIN)
    validated = validate(ProjectFields, values)
    problems = prefix_paths(validated.problems, "input")
    return await context.write(_update, _ProjectChange(context.caller, context.now, validated.fields, problems))


async def delete_project(context: Context, project_id: str) -> MutationResult:
    """Delete a project that has no sessions, ended ones included."""
    require(context.caller, Scope.ADMIN)
    return await context.write(_delete, _ProjectDeletion(context.caller, context.now, project_id))


def _create(tx: Transaction, change: _ProjectChange) -> MutationResult:
    fields = change.fields
    is_id_valid = all(problem.path != _ID_PATH for problem in change.problems)
    problems = [*(_id_problems(tx, change.caller, fields.id) if is_id_valid else ()), *change.problems]
    if problems:
        return failure(*problems)
    project = Project(
        id=fields.id,
        name=fields.name or fields.id,
        geo_listen_enabled=bool(fields.geo_listen_enabled),
        default_language=fields.default_language or "en",
        timeouts=_merge_timeouts({}, fields.timeouts or []),
        created_at=change.now,
        updated_at=change.now,
    )
    repository.insert_project(tx, project)
    append_entries(tx, [_entry(change.caller, change.now, AuditAction.PROJECT_CREATED, project, _values(fields))])
    return MutationResult(project=project)


def _id_problems(tx: Transaction, caller: Caller, new_id: str) -> list[Problem]:
    """List why a project with a valid id cannot be created."""
    if not caller.can_access(new_id):
        return [Problem(_ID_PATH, f"must be one of the caller's projects, not {quote(new_id)}", ProblemCode.FORBIDDEN)]
    if repository.find_project(tx, caller, new_id) is not None:
        return [Problem(_ID_PATH, f"must be new, not {quote(new_id)}: there is such a project", ProblemCode.CONFLICT)]
    return []


def _update(tx: Transaction, change: _ProjectChange) -> MutationResult:
    project = repository.find_project(tx, change.caller, change.fields.id)
    if project is None:
        return failure(_unknown_project(change.fields.id), *change.problems)
    if change.problems:
        return MutationResult(project=project, problems=change.problems)
    provided = change.fields.model_fields_set
    for name in NOT_NULLABLE & provided:
        setattr(project, name, getattr(change.fields, name))
    if "timeouts" in provided:
        project.timeouts = _merge_timeouts(project.timeouts, change.fields.timeouts)
    project.updated_at = change.now
    repository.update_project(tx, project)
    entry = _entry(change.caller, change.now, AuditAction.PROJECT_UPDATED, project, _values(change.fields))
    append_entries(tx, [entry])
    return MutationResult(project=project)


def _unknown_project(project_id: str) -> Problem:
    return Problem(_ID_PATH, f"must be the id of a project, not {quote(project_id)}", ProblemCode.NOT_FOUND)


def _delete(tx: Transaction, deletion: _ProjectDeletion) -> MutationResult:
    project = repository.find_project(tx, deletion.caller, deletion.id)
    if project is None:
        return failure(_unknown_project(deletion.id))
    if project.id == DEFAULT_PROJECT:
        message = "must not be default: sessions that start without projectId belong to it"
        return failure(Problem(_ID_PATH, message, ProblemCode.CONFLICT))
    # In the transaction of the one writer: a start finds its project in its own, so none comes in between.
    if repository.has_sessions(tx, project.id):
        message = "must be the id of a project without sessions; delete them first, ended ones too"
        return failure(Problem(_ID_PATH, message, ProblemCode.CONFLICT))
    repository.delete_project(tx, project.id)
    details = {"name": project.name}
    append_entries(tx, [_entry(deletion.caller, deletion.now, AuditAction.PROJECT_DELETED, project, details)])
    return MutationResult(id=project.id)


def _values(fields: ProjectFields) -> dict[str, Any]:
    """Return the fields that the input sets."""
    return fields.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"id"})


def _entry(
    caller: Caller, now: Instant, action: AuditAction, project: Project, details: Mapping[str, Any]
) -> AuditEntry:
    return new_entry(caller, now, action, details, target_id=project.id, project_id=project.id)


def _merge_timeouts(existing: Mapping[str, int], changes: Sequence[KindTimeoutFields] | None) -> dict[str, int]:
    """Set each kind's timeout, or restore the kind's default by null; null instead of changes restores all."""
    if changes is None:
        return {}
    merged = dict(existing)
    for timeout in changes:
        merged.pop(timeout.kind, None)
        if timeout.seconds is not None:
            merged[timeout.kind.value] = timeout.seconds
    return merged
