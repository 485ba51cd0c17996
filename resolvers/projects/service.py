"""Making projects and changing them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.clock import Instant
from models.enums import ProblemCode, Scope
from models.kinds.project import KindTimeoutFields, ProjectFields
from models.kinds.validation import check
from models.tables import project as project_table
from models.tables.project import Project
from resolvers.access import Caller, in_reach, require
from resolvers.context import Context
from resolvers.errors import Problem, problems

NEVER_EMPTY: Final = {"name": "name", "geo_listen_enabled": "geoListenEnabled", "default_language": "defaultLanguage"}
"""What an update may change but not clear."""


@dataclass(frozen=True, slots=True)
class ProjectOutcome:
    """The project after the change, or null and why it was refused."""

    project: Project | None
    problems: list[Problem] = field(default_factory=list)


class _Change(NamedTuple):
    caller: Caller
    now: Instant
    id: str
    fields: ProjectFields


async def create_project(context: Context, values: Mapping[str, Any]) -> ProjectOutcome:
    """Make a project with an id of the caller's own choice."""
    require(context.caller, Scope.ADMIN)
    checked = check(ProjectFields, values)
    found = problems(checked.breaches, "input")
    if values.get("id") is None:
        found.append(
            Problem(ProblemCode.BAD_USER_INPUT, "must be given: choose an id for the project", ("input", "id"))
        )
    if found or checked.fields is None:
        return ProjectOutcome(None, found)
    change = _Change(context.caller, context.now, values["id"], checked.fields)
    return await context.change(_create_all, change)


async def update_project(context: Context, id: str, values: Mapping[str, Any]) -> ProjectOutcome:  # noqa: A002 - the word clients use
    """Change what `values` names; null clears the timeouts, and is refused where a project can't be without."""
    require(context.caller, Scope.ADMIN)
    checked = check(ProjectFields, values)
    found = problems(checked.breaches, "input")
    for name, alias in NEVER_EMPTY.items():
        if name in values and values[name] is None:
            found.append(Problem(ProblemCode.BAD_USER_INPUT, "can be changed, not cleared", ("input", alias)))
    if values.get("id") not in (None, id):
        found.append(Problem(ProblemCode.BAD_USER_INPUT, "the id of a project never changes", ("input", "id")))
    if found or checked.fields is None:
        return ProjectOutcome(None, found)
    return await context.change(_update_all, _Change(context.caller, context.now, id, checked.fields))


def _create_all(tx: Connection, changes: Sequence[_Change]) -> list[ProjectOutcome]:
    return [_create(tx, change) for change in changes]


def _create(tx: Connection, change: _Change) -> ProjectOutcome:
    if not change.caller.reaches(change.id):
        return ProjectOutcome(None, [Problem(ProblemCode.FORBIDDEN, "it is outside your projects", ("input", "id"))])
    if _find(tx, change) is not None:
        message = f"there is a project {change.id} already"
        return ProjectOutcome(None, [Problem(ProblemCode.CONFLICT, message, ("input", "id"))])
    fields = change.fields
    made = Project(
        id=change.id,
        name=fields.name or change.id,
        geo_listen_enabled=bool(fields.geo_listen_enabled),
        default_language=fields.default_language or "en",
        timeouts=_timeouts({}, fields.timeouts or []),
        created_at=change.now,
        updated_at=change.now,
    )
    tx.execute(project_table.insert().values({c.name: getattr(made, c.name) for c in project_table.columns}))
    return ProjectOutcome(made)


def _update_all(tx: Connection, changes: Sequence[_Change]) -> list[ProjectOutcome]:
    return [_update(tx, change) for change in changes]


def _update(tx: Connection, change: _Change) -> ProjectOutcome:
    there = _find(tx, change)
    if there is None:
        return ProjectOutcome(None, [Problem(ProblemCode.NOT_FOUND, "there is no such project", ("id",))])
    given = change.fields.model_fields_set
    for name in NEVER_EMPTY.keys() & given:
        setattr(there, name, getattr(change.fields, name))
    if "timeouts" in given:
        there.timeouts = _timeouts(there.timeouts, change.fields.timeouts)
    there.updated_at = change.now
    columns = {c.name: getattr(there, c.name) for c in project_table.columns if c.name != "id"}
    tx.execute(project_table.update().where(project_table.c.id == there.id).values(columns))
    return ProjectOutcome(there)


def _find(tx: Connection, change: _Change) -> Project | None:
    mine = in_reach(change.caller, project_table.c.id)
    row = tx.execute(select(project_table).where(mine, project_table.c.id == change.id)).one_or_none()
    return None if row is None else Project(*row)


def _timeouts(there: Mapping[str, int], given: Sequence[KindTimeoutFields] | None) -> dict[str, int]:
    """The project's timeouts after a change: each kind named is set, or given its own default back by null."""
    merged = dict(there) if given is not None else {}
    for timeout in given or []:
        merged.pop(timeout.kind, None)
        if timeout.seconds is not None:
            merged[timeout.kind.value] = timeout.seconds
    return merged
