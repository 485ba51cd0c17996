"""Start of a session, within its transaction."""

from typing import NamedTuple

from models.database import Transaction
from models.enums import ProblemCode
from models.kinds.project import DEFAULT_PROJECT
from models.problems import Problem, quote
from models.tables.rows import Project
from resolvers.lifecycle import repository
from resolvers.lifecycle.idempotency import find_replay, store_key
from resolvers.lifecycle.result import MutationResult, failure
from resolvers.lifecycle.start_conflicts import CONFLICT_HANDLERS, create, find_conflict
from resolvers.lifecycle.start_input import StartRequest
from resolvers.projects.repository import find_project


class _References(NamedTuple):
    """What the input of a start refers to."""

    project: Project | None
    replay: MutationResult | None
    """What the first start with the same key and input returns; None if this is the first."""
    problems: list[Problem]
    """All problems, those of the input by itself included."""


def start(tx: Transaction, request: StartRequest) -> MutationResult:
    project, replay, problems = _resolve(tx, request)
    if replay is not None:
        return replay
    if problems or project is None:
        return failure(*problems)
    result = CONFLICT_HANDLERS.get(request.rules.kind, create)(tx, request, project)
    if result.session is not None:
        store_key(tx, request, result.session)
    return result


def find_start_problems(tx: Transaction, request: StartRequest) -> list[Problem]:
    """List all that refuses a start, in the order of its input, without starting it."""
    project, replay, problems = _resolve(tx, request)
    return problems if problems or replay is not None or project is None else find_conflict(tx, request, project)


def _resolve(tx: Transaction, request: StartRequest) -> _References:
    project = find_project(tx, request.caller, _project_id(request))
    problems = [*request.problems]
    if project is None:
        message = f"must be the id of a project, not {quote(_project_id(request))}"
        problems.append(Problem(("input", "projectId"), message, ProblemCode.NOT_FOUND))
    elif (replay := find_replay(tx, request, project.id)) is not None:
        if not replay.problems:
            return _References(project, replay, [])
        problems += replay.problems
    problems += _previous_problems(tx, request, project)
    if problems and project is not None:
        problems += find_conflict(tx, request, project)
    return _References(project, None, request.in_input_order(*problems))


def _project_id(request: StartRequest) -> str:
    """Choose the project of a start that names none: the caller's only one, else `default`."""
    caller = request.caller
    if request.common.project_id is not None:
        return request.common.project_id
    if caller.project_ids is not None and len(caller.project_ids) == 1:
        return next(iter(caller.project_ids))
    return DEFAULT_PROJECT


def _previous_problems(tx: Transaction, request: StartRequest, project: Project | None) -> list[Problem]:
    previous_id, input_path = request.common.previous_id, ("input", "previousId")
    if previous_id is None:
        return []
    previous = repository.find_session(tx, request.caller, previous_id)
    if previous is None:
        message = f"must be the id of a session, not {quote(previous_id)}"
        return [Problem(input_path, message, ProblemCode.NOT_FOUND)]
    if previous.kind != request.rules.kind:
        return [Problem(input_path, f"must be the id of a session of kind {request.rules.kind}, not {previous.kind}")]
    if project is not None and previous.project_id != project.id:
        message = f"must be the id of a session of the project {project.id}, not {previous.project_id}"
        return [Problem(input_path, message)]
    return []
