"""A sign of life of a player: MEDIA sessions, design of the domain, section 3."""

import hashlib
from typing import Any, Final

from models.clock import MINUTE, Instant
from models.json import canonical
from models.kinds.media import MediaPingFields
from models.kinds.media_parameters import qoe_breaches, with_prefix
from models.tables.session import Session
from models.words import Kind, ProblemCode
from resolvers.errors import Problem
from resolvers.lifecycle.draft import Draft

AHEAD: Final = MINUTE
"""How far a client's clock may run ahead of the server's since the start."""
LATE: Final = MINUTE
"""How much older than the newest event one may be and still count."""


def refuse_ping(draft: Draft, ping: MediaPingFields | None, at: tuple[str, ...]) -> list[Problem]:
    """What is wrong with naming a player at all: it refuses the whole call."""
    if ping is None or draft.session.kind == Kind.MEDIA:
        return []
    message = f"only MEDIA sessions have a player; this one is {draft.session.kind}"
    return [Problem(ProblemCode.BAD_USER_INPUT, message, (*at, "media"))]


def take_ping(draft: Draft, ping: MediaPingFields, now: Instant, at: tuple[str, ...]) -> list[Problem]:
    """Note where the player is. What refuses the ping does not refuse the call; a late one is only kept.

    Refused is a `ts` out of bounds, and quality of experience that is too much with what the session has already.
    """
    s = draft.session
    ts, start = ping.player_time.ts, s.details["start_ts"]
    place = (*at, "media", "playerTime", "ts")
    if ts < start:
        return [Problem(ProblemCode.BAD_USER_INPUT, "must not be before the ts of the start", place)]
    if ts - start > max(0, now - s.started_at) + AHEAD:
        message = "is more than 60 s further from the start's ts than the server's clock is from the start"
        return [Problem(ProblemCode.BAD_USER_INPUT, message, place)]
    if breach := next(qoe_breaches((*at, "media", "qoe"), _merged(s, ping)), None):
        message = f"together with what the session has already it {breach.message}"
        return [Problem(ProblemCode.BAD_USER_INPUT, message, breach.path)]
    _keep(draft, ping, now)
    newest = start if s.player_ts is None else s.player_ts
    if ts < newest - LATE:
        return [Problem(ProblemCode.LATE_EVENT, "is more than 60 s older than the newest event; not counted", place)]
    if ts >= newest:
        _move(draft, ping, now)
    return []


def _keep(draft: Draft, ping: MediaPingFields, now: Instant) -> None:
    qoe = None if ping.qoe is None else with_prefix(ping.qoe)
    playhead = ping.player_time.playhead
    draft.media_events.append(
        {
            "session_id": draft.session.id,
            "ts": ping.player_time.ts,
            "type": "PING",
            "digest": hashlib.sha256(canonical([playhead, qoe])).hexdigest(),
            "playhead": playhead,
            "qoe": qoe,
            "received_at": now,
        }
    )


def _move(draft: Draft, ping: MediaPingFields, now: Instant) -> None:
    s = draft.session
    s.player_ts = ping.player_time.ts
    if s.playhead != ping.player_time.playhead:
        s.playhead = ping.player_time.playhead
        s.stall_from = now
    if ping.qoe:
        s.details = s.details | {"qoe": _merged(s, ping)}
        draft.columns.add("details")


def _merged(s: Session, ping: MediaPingFields) -> dict[str, Any]:
    """The quality of experience of a session after a ping: the newest value of each name."""
    known: dict[str, Any] = s.details["qoe"]
    return known | with_prefix(ping.qoe or {})
