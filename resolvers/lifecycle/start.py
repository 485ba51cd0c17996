"""Starting a session of any kind: checked whole, then stored in one transaction, or not at all."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.enums import Kind, ProblemCode, Scope
from models.kinds import KINDS
from models.kinds.field import FieldFields
from models.kinds.start import StartFields
from models.kinds.validation import check
from models.tables import project as project_table
from models.tables import session
from models.tables.project import Project
from resolvers.access import Caller, require
from resolvers.context import Context
from resolvers.errors import Problem, problems
from resolvers.forms.attachments import keeping, look_at
from resolvers.lifecycle.idempotency import digest_of, remember_start, repeated_start
from resolvers.lifecycle.result import Outcome, refused
from resolvers.lifecycle.start_conflicts import MEETINGS, start_anew
from resolvers.lifecycle.start_input import Start, between, where_given, with_external_id

DEFAULT_PROJECT: Final = "default"


async def start_session(context: Context, values: Mapping[str, Any], kind: Kind, variant: Mapping[str, Any]) -> Outcome:
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
    whole = with_external_id(rules, values, variant)
    common, own, looked = check(StartFields, values), check(rules.fields, whole), await look_at(variant.get("data", ()))
    own_breaches = where_given(rules, variant, (*own.breaches, *looked.breaches), common.breaches)
    found = problems((*common.breaches, *between(rules, values, whole), *own_breaches), "input")
    if found or common.fields is None or own.fields is None:
        return refused(*found)
    points = own.fields.data if isinstance(own.fields, FieldFields) else ()
    async with keeping(context, points, looked) as files:
        start = Start(context.caller, context.now, rules, common.fields, own.fields, digest, files)
        return await context.change(_start_all, start)


def _start_all(tx: Connection, starts: Sequence[Start]) -> list[Outcome]:
    return [_start(tx, start) for start in starts]


def _start(tx: Connection, start: Start) -> Outcome:
    project = _project(tx, start)
    if project is None:
        return refused(Problem(ProblemCode.NOT_FOUND, "there is no such project", ("input", "projectId")))
    if (earlier := repeated_start(tx, start, project.id)) is not None:
        return earlier
    if (wrong := _previous_problem(tx, start, project)) is not None:
        return refused(wrong)
    answer = MEETINGS.get(start.rules.kind, start_anew)(tx, start, project)
    if answer.session is not None:
        remember_start(tx, start, answer.session)
    return answer


def _project(tx: Connection, start: Start) -> Project | None:
    given = start.common.project_id
    wanted = _own_project(start.caller) if given is None else given
    if not start.caller.reaches(wanted):
        return None
    row = tx.execute(select(project_table).where(project_table.c.id == wanted)).one_or_none()
    return None if row is None else Project(*row)


def _own_project(caller: Caller) -> str:
    """The project of a start that names none: the caller's only one, else `default`."""
    if caller.project_ids is not None and len(caller.project_ids) == 1:
        return next(iter(caller.project_ids))
    return DEFAULT_PROJECT


def _previous_problem(tx: Connection, start: Start, project: Project) -> Problem | None:
    """What is wrong with the session that this one claims to carry on from."""
    if start.common.previous_id is None:
        return None
    place = ("input", "previousId")
    columns = (session.c.project_id, session.c.kind)
    row = tx.execute(select(*columns).where(session.c.id == start.common.previous_id)).one_or_none()
    if row is None or not start.caller.reaches(row.project_id):
        return Problem(ProblemCode.NOT_FOUND, "there is no such session", place)
    if (row.project_id, row.kind) != (project.id, start.rules.kind):
        return Problem(ProblemCode.BAD_USER_INPUT, "must be a session of the same project and kind", place)
    return None
