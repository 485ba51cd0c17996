"""Session mutations: validation, access, and execution of commands in batches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, TypeAlias

from models.database import Transaction, batched
from models.enums import ActivityType, AuditAction, Kind, ProblemCode, Scope
from models.kinds.agenda import parse_agenda_update
from models.kinds.field import FormFields
from models.problems import Problem, prefix_paths
from resolvers.access import Caller, require
from resolvers.audit.entry import new_entry
from resolvers.audit.repository import append_entries
from resolvers.context import Context
from resolvers.forms.attachments import detect_types, store_attachments
from resolvers.forms.repository import load_forms
from resolvers.lifecycle import repository
from resolvers.lifecycle.agenda_update import UpdateAgenda
from resolvers.lifecycle.commands import Command, Hide, Keepalive, Stop, Terminate, TrackMedia
from resolvers.lifecycle.media_player import PlayerEvent
from resolvers.lifecycle.result import MutationResult, failure, not_found
from resolvers.lifecycle.start import find_start_problems, start
from resolvers.lifecycle.start_input import parse_start
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork

MAX_KEEPALIVES: Final = 500

Shown: TypeAlias = frozenset[str] | None
"""Attributes of the session that the result shows; None: any."""


async def start_session(
    context: Context, values: Mapping[str, Any], kind: Kind, variant: Mapping[str, Any]
) -> MutationResult:
    """Start a session; with any problem, nothing is stored.

    Args:
        context: the operation.
        values: the provided fields that all kinds share, by the names of `StartFields`.
        kind: the kind.
        variant: the provided fields of the kind, by their names.

    Raises:
        StorageUnavailable: neither rows nor files can be written at the moment.
    """
    require(context.caller, Scope.WRITE)
    if not context.caller.can_start(kind):
        return failure(_forbidden_kind(context.caller, kind))
    detected = await detect_types(variant.get("data", ()))
    request = parse_start(context.caller, context.now, values, kind, variant, file_problems=detected.problems)
    # Files are stored before the transaction: a start that it would refuse must not leave any behind.
    if request.problems or detected.types:
        problems = await context.database.read(find_start_problems, request)
        if problems:
            return failure(*problems)
    points = request.variant.data if isinstance(request.variant, FormFields) else ()
    async with store_attachments(context, points, detected) as files:
        return await context.write(start, replace(request, files=files))


def _forbidden_kind(caller: Caller, kind: Kind) -> Problem:
    allowed = " or ".join(sorted(caller.kinds or ()))
    message = f"must be of a kind that the caller may start ({allowed}), not {kind}"
    return Problem(("input", "variant"), message, ProblemCode.FORBIDDEN)


async def keepalive_session(context: Context, values: Mapping[str, Any], shown: Shown = None) -> MutationResult:
    return await _run(context, Keepalive, values, shown)


async def keepalive_sessions(
    context: Context, sessions: Sequence[Mapping[str, Any]], shown: Shown = None
) -> MutationResult:
    """Send a keepalive to each session; each fails alone."""
    require(context.caller, Keepalive.scope)
    if len(sessions) > MAX_KEEPALIVES:
        message = f"must have at most {MAX_KEEPALIVES} items, not {len(sessions)}"
        return failure(Problem(("input", "sessions"), message, ProblemCode.TOO_LARGE))
    commands = [
        Keepalive.parse(context.caller, context.now, values, ("input", "sessions", str(index)), shown)
        for index, values in enumerate(sessions)
    ]
    return MutationResult(results=await context.write_all(execute_batch, commands))


async def hide_session(context: Context, values: Mapping[str, Any], shown: Shown = None) -> MutationResult:
    return await _run(context, Hide, values, shown)


async def stop_session(context: Context, values: Mapping[str, Any], shown: Shown = None) -> MutationResult:
    return await _run(context, Stop, values, shown)


async def track_media(context: Context, values: Mapping[str, Any], shown: Shown = None) -> MutationResult:
    return await _run(context, TrackMedia, values, shown)


async def terminate_session(context: Context, values: Mapping[str, Any], shown: Shown = None) -> MutationResult:
    return await _run(context, Terminate, values, shown)


async def update_agenda_session(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """Update the provided fields of an AGENDA session; null clears a nullable field."""
    require(context.caller, UpdateAgenda.scope)
    update, input_path = parse_agenda_update(values), ("input",)
    problems = tuple(prefix_paths(update.problems, *input_path))
    command = UpdateAgenda(context.caller, context.now, update, input_path, problems=problems)
    return await context.write(execute_batch, command)


async def _run(
    context: Context, command_type: type[Command], values: Mapping[str, Any], shown: Shown
) -> MutationResult:
    require(context.caller, command_type.scope)
    command = command_type.parse(context.caller, context.now, values, ("input",), shown)
    return await context.write(execute_batch, command)


@batched
def execute_batch(tx: Transaction, commands: Sequence[Command]) -> list[MutationResult]:
    """Execute the commands of one transaction in order; each fails alone."""
    units = _load(tx, commands)
    results = [_execute(uow, command) for uow, command in zip(units, commands, strict=True)]
    repository.save(tx, {uow.session.id: uow for uow in units if uow is not None}.values())
    return results


def _load(tx: Transaction, commands: Sequence[Command]) -> list[SessionUnitOfWork | None]:
    """Load the session of each command, with players and forms if a command needs those; None: there is none.

    Commands of one session share its unit of work.
    """
    columns = frozenset[str]().union(*{command.columns for command in commands})
    units = repository.load(tx, [(command.caller, command.fields.id) for command in commands], columns)
    players: dict[str, tuple[SessionUnitOfWork, list[PlayerEvent]]] = {}
    with_forms: dict[str, SessionUnitOfWork] = {}
    for uow, command in zip(units, commands, strict=True):
        if uow is None:
            continue
        if command.player_events:
            players.setdefault(uow.session.id, (uow, []))[1].extend(command.player_events)
        if command.needs_form:
            with_forms[uow.session.id] = uow
    if players:
        repository.load_players(tx, players.values())
    if with_forms:
        for session_id, form in load_forms(tx, sorted(with_forms)).items():
            with_forms[session_id].form = form
    return units


def find_problems(tx: Transaction, command: Command) -> list[Problem]:
    """List all that refuses a command at the moment, without executing it."""
    (uow,) = _load(tx, [command])
    return _find_problems(uow, command)


def _find_problems(uow: SessionUnitOfWork | None, command: Command) -> list[Problem]:
    if uow is None:
        unknown = not_found(command.fields.id, *command.input_path, "id")
        return command.in_input_order(*unknown.problems, *command.problems)
    uow.apply_due(command.now)
    return command.find_problems(uow)


def _execute(uow: SessionUnitOfWork | None, command: Command) -> MutationResult:
    problems = _find_problems(uow, command)
    if uow is None:
        return failure(*problems)
    if problems:
        return uow.result(command.now, *problems)
    if uow.session.end_reason in command.idempotent_after or command.is_noop(uow):
        return uow.result(command.now)
    problems = command.apply(uow)
    uow.audit_entry = command.audit_entry(uow.session) or uow.audit_entry
    uow.bump_revision(command.now)
    return uow.result(command.now, *problems)


class _Deletion(NamedTuple):
    context: Context
    session_id: str


async def delete_session(context: Context, session_id: str) -> MutationResult:
    """Delete a session with its timeline, data points and files."""
    require(context.caller, Scope.ADMIN)
    return await context.write(_delete, _Deletion(context, session_id))


def _delete(tx: Transaction, deletion: _Deletion) -> MutationResult:
    session = repository.find_session(tx, deletion.context.caller, deletion.session_id)
    if session is None:
        return not_found(deletion.session_id, "input", "id")
    context, action = deletion.context, AuditAction.SESSION_DELETED
    repository.delete_sessions(tx, [session], ActivityType.DELETED, context.now)
    target = {"target_id": session.id, "project_id": session.project_id}
    append_entries(tx, [new_entry(context.caller, context.now, action, {"kind": session.kind}, **target)])
    return MutationResult(id=session.id)
