"""Calls that name a session, decided and written in batches: one reading, the rules, one writing."""

import asyncio
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Final

from sqlalchemy.engine import Connection

from models.kinds.agenda_update import agenda_update
from models.kinds.validation import check
from resolvers.access import require
from resolvers.context import Context
from resolvers.errors import BadUserInput, Problem, problems
from resolvers.lifecycle.agenda_update import UpdateAgenda
from resolvers.lifecycle.commands import Call, Hide, Keepalive, Stop, Terminate, TrackMedia, ended_problem
from resolvers.lifecycle.media_player import Report
from resolvers.lifecycle.player_repository import read_players
from resolvers.lifecycle.repository import read_drafts, write_drafts
from resolvers.lifecycle.result import Outcome, not_found, outcome, refused
from resolvers.lifecycle.unit_of_work import Draft, settle

MAX_KEEPALIVES: Final = 500


async def keepalive_session(context: Context, values: Mapping[str, Any], *at: str) -> Outcome:
    """Note that the client is there: `id`, `visible`, and where given `path`, `sequence`, `media`."""
    return await _call(context, Keepalive, values, at)


async def keepalive_sessions(context: Context, inputs: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Keep many sessions alive, each by itself; they share one transaction.

    Raises:
        BadUserInput: there are more than 500 inputs.
    """
    if len(inputs) > MAX_KEEPALIVES:
        raise BadUserInput(f"at most {MAX_KEEPALIVES} inputs are allowed, not {len(inputs)}")
    calls = (keepalive_session(context, values, "inputs", str(index)) for index, values in enumerate(inputs))
    return await asyncio.gather(*calls)


async def hide_session(context: Context, values: Mapping[str, Any]) -> Outcome:
    """Note that the client went out of sight: `id`, and where given `path` (the one it left), `sequence`, `media`."""
    return await _call(context, Hide, values)


async def stop_session(context: Context, values: Mapping[str, Any]) -> Outcome:
    """End the session because its client is done. An AGENDA session that has not begun is cancelled."""
    return await _call(context, Stop, values)


async def track_media(context: Context, values: Mapping[str, Any]) -> Outcome:
    """Take what the player of a MEDIA session tells: `id`, and at most 100 `events`.

    An event that is late or whose `ts` is out of bounds is a problem of its own; the others count.
    """
    return await _call(context, TrackMedia, values)


async def terminate_session(context: Context, values: Mapping[str, Any]) -> Outcome:
    """End somebody else's session, for a `reason`."""
    return await _call(context, Terminate, values)


async def update_agenda_session(context: Context, values: Mapping[str, Any]) -> Outcome:
    """Change what `values` names, beside the `id`, of an AGENDA session; null clears what may be empty.

    The session that would come of it is held to the rules of a start; what breaks them comes with the session as it is.
    """
    require(context.caller, UpdateAgenda.scope)
    update = UpdateAgenda(context.caller, context.now, agenda_update(values), ("input",))
    return await context.change(decide, update)


async def _call(context: Context, call: type[Call], values: Mapping[str, Any], at: tuple[str, ...] = ()) -> Outcome:
    require(context.caller, call.scope)
    at = at or ("input",)
    checked = check(call.model, values)
    if checked.fields is None:
        return refused(*problems(checked.breaches, *at))
    return await context.change(decide, call.of(context.caller, context.now, checked.fields, at))


def decide(tx: Connection, calls: Sequence[Call]) -> list[Outcome]:
    """Work for the writer: all calls of a batch, in their order."""
    drafts = read_drafts(tx, (call.fields.id for call in calls))
    read_players(tx, drafts, _reports(calls))
    _read_more(tx, calls, drafts)
    answers = [_answer(drafts.get(call.fields.id), call) for call in calls]
    write_drafts(tx, drafts.values())
    return answers


def _read_more(tx: Connection, calls: Sequence[Call], drafts: Mapping[str, Draft]) -> None:
    named: dict[type[Call], set[str]] = {}
    for call in calls:
        if call.fields.id in drafts:
            named.setdefault(type(call), set()).add(call.fields.id)
    for kind, ids in named.items():
        kind.read(tx, [drafts[session_id] for session_id in sorted(ids)])


def _reports(calls: Sequence[Call]) -> dict[str, list[Report]]:
    """What the calls tell of players, by session."""
    reports: dict[str, list[Report]] = {}
    for call in calls:
        if call.reports:
            reports.setdefault(call.fields.id, []).extend(call.reports)
    return reports


def _answer(draft: Draft | None, call: Call) -> Outcome:
    if draft is None or not call.caller.reaches(draft.session.project_id):
        return not_found(*call.at, "id")
    settle(draft, call.now)
    s = draft.session
    if s.ended_at is not None:
        wanted = s.end_reason in call.repeatable_after
        return _shown(draft, call, *(() if wanted else (ended_problem(draft, call.at),)))
    if refusals := call.refusals(draft):
        return _shown(draft, call, *refusals)
    if call.is_moot(draft):
        return _shown(draft, call)
    found = call.apply(draft)
    draft.touch(call.now)
    return _shown(draft, call, *found)


def _shown(draft: Draft, call: Call, *found: Problem) -> Outcome:
    """The session as it is after this call; later calls of the batch change the draft, not the answer."""
    return outcome(copy(draft.session), call.now, *found)
