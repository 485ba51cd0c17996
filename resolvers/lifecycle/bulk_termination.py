"""The mutation terminateSessions: the end of the active sessions that a filter selects."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from models.database import Transaction
from models.enums import AuditAction
from models.kinds.commands import TerminationFields
from models.kinds.validation import validate
from models.problems import prefix_paths
from models.tables.rows import AuditEntry
from resolvers.access import require
from resolvers.audit.entry import new_entry
from resolvers.audit.repository import append_entries
from resolvers.context import Context
from resolvers.filters import Filter, filter_problems
from resolvers.lifecycle import repository
from resolvers.lifecycle.commands import Terminate
from resolvers.lifecycle.result import MutationResult, failure
from resolvers.sessions.queries import SessionSelection

MAX_TERMINATED: Final = 1000
"""Sessions per call: other writes wait for its transaction."""

_INPUT_PATH: Final = ("input",)


class _BulkTermination(NamedTuple):
    selection: SessionSelection
    command: Terminate


async def terminate_sessions(
    context: Context,
    filter: Mapping[str, Any],  # noqa: A002 - the schema's name
    values: Mapping[str, Any],
) -> MutationResult:
    """End at most 1,000 active sessions that match a filter, the oldest first, in one transaction.

    A session whose deadline has passed is not active, so it ends as that says and is not counted.
    """
    require(context.caller, Terminate.scope)
    validated = validate(TerminationFields, values)
    problems = (*filter_problems(filter, "filter"), *validated.problems)
    if problems:
        return failure(*prefix_paths(problems, *_INPUT_PATH))
    selection = SessionSelection(context.caller, Filter.parse(filter), context.now)
    command = Terminate(context.caller, context.now, validated.fields, _INPUT_PATH)
    return await context.write(_terminate, _BulkTermination(selection, command))


def _terminate(tx: Transaction, termination: _BulkTermination) -> MutationResult:
    # Selected in the transaction: two calls at once end different sessions, and 0 means that none is left.
    units = repository.load_matching(tx, termination.selection.active, MAX_TERMINATED)
    command = termination.command
    for uow in units:
        uow.apply_due(command.now)
        command.apply(uow)
        uow.bump_revision(command.now)
    repository.save(tx, units)
    by_project = Counter(uow.session.project_id for uow in units)
    append_entries(tx, [_entry(command, project_id, count) for project_id, count in sorted(by_project.items())])
    return MutationResult(count=len(units))


def _entry(command: Terminate, project_id: str, count: int) -> AuditEntry:
    action, details = AuditAction.SESSIONS_TERMINATED, {"count": count, "reason": command.fields.reason}
    return new_entry(command.caller, command.now, action, details, project_id=project_id)
