"""Calls that name a session, decided and written in batches: one reading, the rules, one writing."""

import asyncio
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Final

from sqlalchemy.engine import Connection

from models.database import batched
from models.kinds.agenda import parse_agenda_update
from models.kinds.validation import validate
from models.problems import Problem, prefix_paths
from resolvers.access import require
from resolvers.context import Context
from resolvers.errors import BadUserInput
from resolvers.lifecycle.agenda_update import UpdateAgenda
from resolvers.lifecycle.commands import Command, Hide, Keepalive, Stop, Terminate, TrackMedia, ended_problem
from resolvers.lifecycle.media_player import PlayerEvent
from resolvers.lifecycle.player_repository import load_players
from resolvers.lifecycle.repository import load, save
from resolvers.lifecycle.result import MutationResult, failure, not_found, session_result
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork, apply_due

MAX_KEEPALIVES: Final = 500


async def keepalive_session(context: Context, values: Mapping[str, Any], *input_path: str) -> MutationResult:
    """Note that the client is there: `id`, `visible`, and where given `path`, `sequence`, `media`."""
    return await _execute(context, Keepalive, values, input_path)


async def keepalive_sessions(context: Context, inputs: Sequence[Mapping[str, Any]]) -> list[MutationResult]:
    """Keep many sessions alive, each by itself; they share one transaction.

    Raises:
        BadUserInput: there are more than 500 inputs.
    """
    if len(inputs) > MAX_KEEPALIVES:
        raise BadUserInput(f"at most {MAX_KEEPALIVES} inputs are allowed, not {len(inputs)}")
    pending = (keepalive_session(context, values, "inputs", str(index)) for index, values in enumerate(inputs))
    return await asyncio.gather(*pending)


async def hide_session(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """Note that the client went out of sight: `id`, and where given `path` (the one it left), `sequence`, `media`."""
    return await _execute(context, Hide, values)


async def stop_session(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """End the session because its client is done. An AGENDA session that has not begun is cancelled."""
    return await _execute(context, Stop, values)


async def track_media(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """Take what the player of a MEDIA session tells: `id`, and at most 100 `events`.

    An event that is late or whose `ts` is out of bounds is a problem of its own; the others count.
    """
    return await _execute(context, TrackMedia, values)


async def terminate_session(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """End somebody else's session, for a `reason`."""
    return await _execute(context, Terminate, values)


async def update_agenda_session(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """Change what `values` names, beside the `id`, of an AGENDA session; null clears what may be empty.

    The session that would come of it is held to the rules of a start; what breaks them comes with the session as it is.
    """
    require(context.caller, UpdateAgenda.scope)
    update = UpdateAgenda(context.caller, context.now, parse_agenda_update(values), ("input",))
    return await context.write(execute_batch, update)


async def _execute(
    context: Context, command_type: type[Command], values: Mapping[str, Any], input_path: tuple[str, ...] = ()
) -> MutationResult:
    require(context.caller, command_type.scope)
    input_path = input_path or ("input",)
    validated = validate(command_type.input_model, values)
    if validated.fields is None:
        return failure(*prefix_paths(validated.problems, *input_path))
    return await context.write(
        execute_batch, command_type.from_input(context.caller, context.now, validated.fields, input_path)
    )


@batched
def execute_batch(tx: Connection, commands: Sequence[Command]) -> list[MutationResult]:
    """Work for the writer: all calls of a batch, in their order."""
    units = load(tx, (call.fields.id for call in commands))
    load_players(tx, units, _collect_player_events(commands))
    _preload(tx, commands, units)
    results = [_execute_one(units.get(command.fields.id), command) for command in commands]
    save(tx, units.values())
    return results


def _preload(tx: Connection, commands: Sequence[Command], units: Mapping[str, SessionUnitOfWork]) -> None:
    ids_by_type: dict[type[Command], set[str]] = {}
    for command in commands:
        if command.fields.id in units:
            ids_by_type.setdefault(type(command), set()).add(command.fields.id)
    for command_type, ids in ids_by_type.items():
        command_type.preload(tx, [units[session_id] for session_id in sorted(ids)])


def _collect_player_events(commands: Sequence[Command]) -> dict[str, list[PlayerEvent]]:
    """What the calls tell of players, by session."""
    events_by_session: dict[str, list[PlayerEvent]] = {}
    for command in commands:
        if command.player_events:
            events_by_session.setdefault(command.fields.id, []).extend(command.player_events)
    return events_by_session


def _execute_one(uow: SessionUnitOfWork | None, command: Command) -> MutationResult:
    if uow is None or not command.caller.can_access(uow.session.project_id):
        return not_found(*command.input_path, "id")
    apply_due(uow, command.now)
    s = uow.session
    if s.ended_at is not None:
        is_idempotent = s.end_reason in command.idempotent_after
        return _result(uow, command, *(() if is_idempotent else (ended_problem(uow, command.input_path),)))
    if failed := command.preconditions(uow):
        return _result(uow, command, *failed)
    if command.is_noop(uow):
        return _result(uow, command)
    problems = command.apply(uow)
    uow.bump_revision(command.now)
    return _result(uow, command, *problems)


def _result(uow: SessionUnitOfWork, command: Command, *problems: Problem) -> MutationResult:
    """The session as it is after this call; later calls of the batch change the draft, not the answer."""
    return session_result(copy(uow.session), command.now, *problems)
