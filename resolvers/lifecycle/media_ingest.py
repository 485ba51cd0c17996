"""What a player tells, taken into its session: MEDIA, design of the domain, section 3. The rules are `resolvers.media`.

Whatever is refused here refuses one event: the call that it came with is heard, and its other events count.
"""

from collections.abc import Sequence
from typing import Any, Final

from models.clock import MINUTE, Instant
from models.enums import ActivityType, EventFlag, Kind, MediaEventType, ProblemCode
from models.kinds.media_parameters import qoe_breaches
from resolvers.errors import Problem
from resolvers.lifecycle.media_player import Player, Report
from resolvers.lifecycle.unit_of_work import Draft
from resolvers.media import Standing

AHEAD: Final = MINUTE
"""How far a client's clock may run ahead of the server's since the start."""

_ACTIVITIES: Final = frozenset(MediaEventType) - {MediaEventType.PING}
"""The types of events that are on the timeline. Where a hide or a stop has its own activity, that one tells of it."""


def refuse_player(draft: Draft, at: tuple[str, ...]) -> list[Problem]:
    """What is wrong with naming a player at all: it refuses the whole call."""
    if draft.session.kind == Kind.MEDIA:
        return []
    message = f"only MEDIA sessions have a player; this one is {draft.session.kind}"
    return [Problem(ProblemCode.BAD_USER_INPUT, message, at)]


def take_reports(draft: Draft, reports: Sequence[Report], now: Instant) -> list[Problem]:
    """Take what a player tells in one call into its session; what is wrong with which of it, in the order given.

    Events count in the order of `ts`, and of one `ts` in that of their arrival. They and their activities are kept in
    that order, late ones with a flag. The same event again changes nothing and is no problem, unless it is late.
    """
    player = draft.player
    if player is None or not reports:
        return []
    problems: dict[tuple[str, ...], Problem] = {}
    kept = []
    for report in sorted(reports, key=lambda each: each.event.ts):
        problem, is_new = _take(draft, player, report, now)
        if problem is not None:
            problems[report.at] = problem
        if is_new:
            kept.append(report)
    _count(draft, player, kept, now)
    return [problems[report.at] for report in reports if report.at in problems]


def _take(draft: Draft, player: Player, report: Report, now: Instant) -> tuple[Problem | None, bool]:
    """What is wrong with a report, and whether it is to be kept."""
    if (problem := _out_of_bounds(draft, report, now)) is not None:
        return problem, False
    match player.playback.standing(report.event):
        case Standing.NEW:
            if (problem := _take_qoe(draft, player, report)) is not None:
                return problem, False
            player.playback.insert(report.event)
            return None, True
        case Standing.LATE:
            player.playback.keep_late(report.event)
            return _late(report), True
        case Standing.LATE_REPEATED:
            return _late(report), False
        case Standing.REPEATED:
            return None, False


def _out_of_bounds(draft: Draft, report: Report, now: Instant) -> Problem | None:
    since_start = report.event.ts - draft.session.details["start_ts"]
    if since_start < 0:
        message = "must not be before the ts of the start"
    elif since_start > max(0, now - draft.session.started_at) + AHEAD:
        message = "is more than 60 s further from the start's ts than the server's clock is from the start"
    else:
        return None
    return Problem(ProblemCode.BAD_USER_INPUT, message, report.ts_at)


def _late(report: Report) -> Problem:
    message = "is more than 60 s older than the newest event, or behind 2,000 newer ones; kept, not counted"
    return Problem(ProblemCode.LATE_EVENT, message, report.ts_at)


def _take_qoe(draft: Draft, player: Player, report: Report) -> Problem | None:
    """Let the session show the newest value of each name; refused is what would be too much together."""
    if not report.qoe:
        return None
    s, ts = draft.session, report.event.ts
    known: dict[str, Any] = s.details["qoe"]
    newest = {name: value for name, value in report.qoe.items() if ts >= player.qoe_ts.get(name, ts)}
    merged = known | newest
    if breach := next(qoe_breaches((*report.at, "qoe"), merged), None):
        message = f"together with what the session has already it {breach.message}"
        return Problem(ProblemCode.BAD_USER_INPUT, message, breach.path)
    player.qoe_ts |= dict.fromkeys(newest, ts)
    if merged != known:
        s.details = s.details | {"qoe": merged}
        draft.columns.add("details")
    return None


def _count(draft: Draft, player: Player, kept: Sequence[Report], now: Instant) -> None:
    """Let the reports that are kept happen, and put them on record."""
    s, playback = draft.session, player.playback
    counted = playback.count()
    for report in kept:
        late = bool(playback.older.get(report.event.key))
        player.keep(report, now, late=late)
        if report.event.type in _ACTIVITIES:
            flag = EventFlag.LATE if late else counted.flags.get(report.event.key)
            data = report.data | ({} if flag is None else {"flag": flag.value})
            draft.record(ActivityType(report.event.type), now, data, client_at=report.event.ts)
    s.playhead, s.player_ts = playback.state.playhead, playback.state.ts
    s.player_state = playback.state.player
    if counted.moved:
        s.stall_from = now
