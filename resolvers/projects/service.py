"""Making projects and changing them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.clock import Instant
from models.enums import ProblemCode, Scope
from models.kinds.project import KindTimeoutFields, ProjectFields
from models.kinds.validation import validate
from models.problems import Problem, prefix_paths
from models.tables import project as project_table
from models.tables.project import Project
from resolvers.access import Caller, require
from resolvers.context import Context
from resolvers.filters import project_condition

NOT_NULLABLE: Final = {"name": "name", "geo_listen_enabled": "geoListenEnabled", "default_language": "defaultLanguage"}
"""What an update may change but not clear."""


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """The project after the change, or null and why it was refused."""

    project: Project | None
    problems: list[Problem] = field(default_factory=list)


class _ProjectChange(NamedTuple):
    caller: Caller
    now: Instant
    id: str
    fields: ProjectFields


async def create_project(context: Context, values: Mapping[str, Any]) -> ProjectResult:
    """Make a project with an id of the caller's own choice."""
    require(context.caller, Scope.ADMIN)
    validated = validate(ProjectFields, values)
    input_problems = prefix_paths(validated.problems, "input")
    if values.get("id") is None:
        input_problems.append(Problem(("input", "id"), "must be given: choose an id for the project"))
    if input_problems or validated.fields is None:
        return ProjectResult(None, input_problems)
    change = _ProjectChange(context.caller, context.now, values["id"], validated.fields)
    return await context.write(_create, change)


async def update_project(context: Context, id: str, values: Mapping[str, Any]) -> ProjectResult:  # noqa: A002 - the word clients use
    """Change what `values` names; null clears the timeouts, and is refused where a project can't be without."""
    require(context.caller, Scope.ADMIN)
    validated = validate(ProjectFields, values)
    input_problems = prefix_paths(validated.problems, "input")
    for name, alias in NOT_NULLABLE.items():
        if name in values and values[name] is None:
            input_problems.append(Problem(("input", alias), "can be changed, not cleared"))
    if values.get("id") not in (None, id):
        input_problems.append(Problem(("input", "id"), "the id of a project never changes"))
    if input_problems or validated.fields is None:
        return ProjectResult(None, input_problems)
    return await context.write(_update, _ProjectChange(context.caller, context.now, id, validated.fields))


def _create(tx: Connection, change: _ProjectChange) -> ProjectResult:
    if not change.caller.can_access(change.id):
        return ProjectResult(None, [Problem(("input", "id"), "it is outside your projects", ProblemCode.FORBIDDEN)])
    if _find(tx, change) is not None:
        message = f"there is a project {change.id} already"
        return ProjectResult(None, [Problem(("input", "id"), message, ProblemCode.CONFLICT)])
    fields = change.fields
    project = Project(
        id=change.id,
        name=fields.name or change.id,
        geo_listen_enabled=bool(fields.geo_listen_enabled),
        default_language=fields.default_language or "en",
        timeouts=_timeouts({}, fields.timeouts or []),
        created_at=change.now,
        updated_at=change.now,
    )
    tx.execute(project_table.insert().values({c.name: getattr(project, c.name) for c in project_table.columns}))
    return ProjectResult(project)


def _update(tx: Connection, change: _ProjectChange) -> ProjectResult:
    existing = _find(tx, change)
    if existing is None:
        return ProjectResult(None, [Problem(("id",), "there is no such project", ProblemCode.NOT_FOUND)])
    provided = change.fields.model_fields_set
    for name in NOT_NULLABLE.keys() & provided:
        setattr(existing, name, getattr(change.fields, name))
    if "timeouts" in provided:
        existing.timeouts = _timeouts(existing.timeouts, change.fields.timeouts)
    existing.updated_at = change.now
    columns = {c.name: getattr(existing, c.name) for c in project_table.columns if c.name != "id"}
    tx.execute(project_table.update().where(project_table.c.id == existing.id).values(columns))
    return ProjectResult(existing)


def _find(tx: Connection, change: _ProjectChange) -> Project | None:
    in_scope = project_condition(change.caller, project_table.c.id)
    row = tx.execute(select(project_table).where(in_scope, project_table.c.id == change.id)).one_or_none()
    return None if row is None else Project(*row)


def _timeouts(existing: Mapping[str, int], changes: Sequence[KindTimeoutFields] | None) -> dict[str, int]:
    """The project's timeouts after a change: each kind named is set, or given its own default back by null."""
    merged = dict(existing) if changes is not None else {}
    for timeout in changes or []:
        merged.pop(timeout.kind, None)
        if timeout.seconds is not None:
            merged[timeout.kind.value] = timeout.seconds
    return merged
