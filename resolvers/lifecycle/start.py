"""Starting a session of any kind: checked whole, then stored in one transaction, or not at all."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.enums import Kind, ProblemCode, Scope
from models.kinds import KINDS
from models.kinds.field import FormFields
from models.kinds.start import StartFields
from models.kinds.validation import validate
from models.problems import Problem, prefix_paths
from models.tables import project as project_table
from models.tables import session
from models.tables.project import Project
from resolvers.access import Caller, require
from resolvers.context import Context
from resolvers.forms.attachments import detect_types, store_attachments
from resolvers.lifecycle.idempotency import digest_of, find_replay, store_key
from resolvers.lifecycle.result import MutationResult, failure
from resolvers.lifecycle.start_conflicts import CONFLICT_HANDLERS, create
from resolvers.lifecycle.start_input import StartRequest, apply_external_id, cross_field_problems, relocate_problems

DEFAULT_PROJECT: Final = "default"


async def start_session(
    context: Context, values: Mapping[str, Any], kind: Kind, variant: Mapping[str, Any]
) -> MutationResult:
    """Start a session.

    Args:
        context: who asks, and when.
        values: what all kinds share, by the names of `StartFields`; only what was given.
        kind: the kind.
        variant: the fields of the kind, by their names; only what was given.

    Raises:
        StorageUnavailable: nothing can be written now, or no files; nothing of the call was kept.
    """
    require(context.caller, Scope.WRITE)
    rules = KINDS[kind]
    digest = digest_of(values, kind, variant)
    full_variant = apply_external_id(rules, values, variant)
    common, specific, detected = (
        validate(StartFields, values),
        validate(rules.fields, full_variant),
        await detect_types(variant.get("data", ())),
    )
    variant_problems = relocate_problems(rules, variant, (*specific.problems, *detected.problems), common.problems)
    input_problems = prefix_paths(
        (*common.problems, *cross_field_problems(rules, values, full_variant), *variant_problems), "input"
    )
    if input_problems or common.fields is None or specific.fields is None:
        return failure(*input_problems)
    points = specific.fields.data if isinstance(specific.fields, FormFields) else ()
    async with store_attachments(context, points, detected) as files:
        start = StartRequest(context.caller, context.now, rules, common.fields, specific.fields, digest, files)
        return await context.write(_start_one, start)


def _start_one(tx: Connection, start: StartRequest) -> MutationResult:
    project = _find_project(tx, start)
    if project is None:
        return failure(Problem(("input", "projectId"), "there is no such project", ProblemCode.NOT_FOUND))
    if (replayed := find_replay(tx, start, project.id)) is not None:
        return replayed
    if (problem := _previous_problem(tx, start, project)) is not None:
        return failure(problem)
    result = CONFLICT_HANDLERS.get(start.rules.kind, create)(tx, start, project)
    if result.session is not None:
        store_key(tx, start, result.session)
    return result


def _find_project(tx: Connection, start: StartRequest) -> Project | None:
    requested = start.common.project_id
    project_id = _default_project(start.caller) if requested is None else requested
    if not start.caller.can_access(project_id):
        return None
    row = tx.execute(select(project_table).where(project_table.c.id == project_id)).one_or_none()
    return None if row is None else Project(*row)


def _default_project(caller: Caller) -> str:
    """The project of a start that names none: the caller's only one, else `default`."""
    if caller.project_ids is not None and len(caller.project_ids) == 1:
        return next(iter(caller.project_ids))
    return DEFAULT_PROJECT


def _previous_problem(tx: Connection, start: StartRequest, project: Project) -> Problem | None:
    """What is wrong with the session that this one claims to carry on from."""
    if start.common.previous_id is None:
        return None
    input_path = ("input", "previousId")
    columns = (session.c.project_id, session.c.kind)
    row = tx.execute(select(*columns).where(session.c.id == start.common.previous_id)).one_or_none()
    if row is None or not start.caller.can_access(row.project_id):
        return Problem(input_path, "there is no such session", ProblemCode.NOT_FOUND)
    if (row.project_id, row.kind) != (project.id, start.rules.kind):
        return Problem(input_path, "must be a session of the same project and kind")
    return None
