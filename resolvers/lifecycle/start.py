"""Start of a session, within its transaction."""

from typing import Final

from models.database import Transaction
from models.enums import ProblemCode
from models.problems import Problem
from models.tables.rows import Project
from resolvers.access import Caller
from resolvers.lifecycle import queries
from resolvers.lifecycle.idempotency import find_replay, store_key
from resolvers.lifecycle.result import MutationResult, failure
from resolvers.lifecycle.start_conflicts import CONFLICT_HANDLERS, create
from resolvers.lifecycle.start_input import StartRequest

DEFAULT_PROJECT: Final = "default"


def start(tx: Transaction, request: StartRequest) -> MutationResult:
    project = _find_project(tx, request)
    if project is None:
        return failure(Problem(("input", "projectId"), "there is no such project", ProblemCode.NOT_FOUND))
    if (replayed := find_replay(tx, request, project.id)) is not None:
        return replayed
    if (problem := _previous_problem(tx, request, project)) is not None:
        return failure(problem)
    result = CONFLICT_HANDLERS.get(request.rules.kind, create)(tx, request, project)
    if result.session is not None:
        store_key(tx, request, result.session)
    return result


def _find_project(tx: Transaction, request: StartRequest) -> Project | None:
    project_id = request.common.project_id
    if project_id is None:
        project_id = _default_project(request.caller)
    return queries.find_project(tx, project_id) if request.caller.can_access(project_id) else None


def _default_project(caller: Caller) -> str:
    """Choose the project of a start that names none: the caller's only one, else `default`."""
    if caller.project_ids is not None and len(caller.project_ids) == 1:
        return next(iter(caller.project_ids))
    return DEFAULT_PROJECT


def _previous_problem(tx: Transaction, request: StartRequest, project: Project) -> Problem | None:
    if request.common.previous_id is None:
        return None
    input_path = ("input", "previousId")
    previous = queries.find_session(tx, request.common.previous_id)
    if previous is None or not request.caller.can_access(previous.project_id):
        return Problem(input_path, "there is no such session", ProblemCode.NOT_FOUND)
    if (previous.project_id, previous.kind) != (project.id, request.rules.kind):
        return Problem(input_path, "must be a session of the same project and kind")
    return None
