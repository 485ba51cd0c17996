"""Ingest of player events into a MEDIA session (docs/domain.md, section 3); the playback rules are `resolvers.media`.

A refused event does not refuse its command: the heartbeat and the other events count.
"""

from collections.abc import Sequence
from typing import Any, Final

from models.clock import MAX_INSTANT, MINUTE, Instant, to_rfc3339
from models.enums import ActivityType, EventFlag, MediaEventType, ProblemCode
from models.kinds.media_parameters import qoe_problems
from models.problems import Problem
from resolvers.lifecycle.media_player import MediaPlayer, PlayerEvent
from resolvers.lifecycle.unit_of_work import PLAYER_COLUMNS, SessionUnitOfWork
from resolvers.media.reorder_buffer import Arrival

MAX_CLOCK_SKEW_MS: Final = MINUTE
"""How far a client's clock may run ahead of the server's, both measured from the start."""

_TIMELINE_EVENT_TYPES: Final = frozenset(MediaEventType) - {MediaEventType.PING}
"""HIDE and STOP pings are not among them: those commands have activities of their own."""


def ingest_events(uow: SessionUnitOfWork, player_events: Sequence[PlayerEvent], now: Instant) -> list[Problem]:
    """Ingest the events of one command in `ts` order (ties: input order). Returns problems in input order.

    Late events are recorded with a flag and not counted. A duplicate changes nothing; it is a problem only if late.
    """
    player = uow.player
    if player is None or not player_events:
        return []
    problems: dict[tuple[str, ...], Problem] = {}
    accepted = []
    for player_event in sorted(player_events, key=lambda player_event: player_event.event.ts):
        problem, is_new = _ingest_one(uow, player, player_event, now)
        if problem is not None:
            problems[player_event.input_path] = problem
        if is_new:
            accepted.append(player_event)
    _record(uow, player, accepted, now)
    return [problems[path] for path in (player_event.input_path for player_event in player_events) if path in problems]


def _ingest_one(
    uow: SessionUnitOfWork, player: MediaPlayer, player_event: PlayerEvent, now: Instant
) -> tuple[Problem | None, bool]:
    """Classify one event and put it into the reorder buffer. Returns its problem, and whether to record it."""
    if (problem := _bounds_problem(uow, player_event, now)) is not None:
        return problem, False
    match player.reorder_buffer.classify(player_event.event):
        case Arrival.NEW:
            if (problem := _merge_qoe(uow, player, player_event)) is not None:
                return problem, False
            player.reorder_buffer.insert(player_event.event)
            return None, True
        case Arrival.LATE:
            player.reorder_buffer.mark_late(player_event.event)
            return _late_problem(player_event), True
        case Arrival.LATE_DUPLICATE:
            return _late_problem(player_event), False
        case Arrival.DUPLICATE:
            return None, False


def _bounds_problem(uow: SessionUnitOfWork, player_event: PlayerEvent, now: Instant) -> Problem | None:
    ts, start = player_event.event.ts, uow.session.details["start_ts"]
    latest = start + max(0, now - uow.session.started_at) + MAX_CLOCK_SKEW_MS
    if ts < start:
        message = f"must be {to_rfc3339(start)} (ts of the start) or later, not {to_rfc3339(ts)}"
    elif ts > latest:
        bound = to_rfc3339(min(latest, MAX_INSTANT))
        message = f"must be {bound} (ts of the start, time since then, and 60 s) or earlier, not {to_rfc3339(ts)}"
    else:
        return None
    return Problem(player_event.ts_path, message)


def _late_problem(player_event: PlayerEvent) -> Problem:
    message = "is more than 60 s older than the newest event, or behind 2,000 newer ones; kept, not counted"
    return Problem(player_event.ts_path, message, ProblemCode.LATE_EVENT)


def _merge_qoe(uow: SessionUnitOfWork, player: MediaPlayer, player_event: PlayerEvent) -> Problem | None:
    """Keep the newest value of each quality-of-experience name; refuse what exceeds the limits together."""
    if not player_event.qoe:
        return None
    s, ts = uow.session, player_event.event.ts
    known: dict[str, Any] = s.details["qoe"]
    newest = {name: value for name, value in player_event.qoe.items() if ts >= player.qoe_ts.get(name, ts)}
    merged = known | newest
    if problem := next(qoe_problems((*player_event.input_path, "qoe"), merged), None):
        message = f"{problem.message}, together with the values that the session has"
        return Problem(problem.path, message)
    player.qoe_ts |= dict.fromkeys(newest, ts)
    if merged != known:
        s.details = s.details | {"qoe": merged}
        uow.changed_columns.add("details")
    return None


def _record(uow: SessionUnitOfWork, player: MediaPlayer, accepted: Sequence[PlayerEvent], now: Instant) -> None:
    s, reorder_buffer = uow.session, player.reorder_buffer
    applied = reorder_buffer.apply_inserted()
    for player_event in accepted:
        late = bool(reorder_buffer.late_by_key.get(player_event.event.key))
        player.append_row(player_event, now, late=late)
        if player_event.event.type in _TIMELINE_EVENT_TYPES:
            flag = EventFlag.LATE if late else applied.flags.get(player_event.event.key)
            data = player_event.activity_data | ({} if flag is None else {"flag": flag.value})
            uow.add_activity(ActivityType(player_event.event.type), now, data, client_at=player_event.event.ts)
    s.playhead, s.player_ts = reorder_buffer.state.playhead, reorder_buffer.state.ts
    s.player_state = reorder_buffer.state.player
    uow.changed_columns |= PLAYER_COLUMNS
    if applied.playhead_moved:
        s.stall_from = now
