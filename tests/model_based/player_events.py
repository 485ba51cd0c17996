"""Model of media player events."""

from bisect import insort
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from tests.media.reference_metrics import PLAYER_STATES, SentEvent
from tests.model_based.reference_session import ReferenceSession
from tests.model_based.render import to_rfc3339
from tests.model_based.steps import PlayerPing

FIRST_TS: Final = 1_700_000_000_000
"""Player clock at each start; the offset from the server's clock must not matter."""
LENGTH: Final = 60
"""Of the medium, in seconds."""
MINUTE: Final = 60_000
PING_TYPES: Final = {"keepalive": "PING", "hide": "HIDE", "stop": "STOP"}
"""Event types that commands with a player stand for."""
ACTIVITY_TYPES: Final = {*PLAYER_STATES, "ERROR"}
"""Event types that appear on the timeline."""


def event_at(type_: str, step: PlayerPing, session: ReferenceSession | None) -> SentEvent:
    """Build an event at the time that a step says."""
    if session is None:
        return SentEvent(FIRST_TS, type_, step.playhead)
    reference_ts = session.events[-1].ts if step.from_newest else session.events[0].ts + max(0, session.age)
    return SentEvent(reference_ts + step.offset, type_, step.playhead)


def player_time(event: SentEvent) -> dict[str, Any]:
    return {"playhead": event.playhead, "ts": to_rfc3339(event.ts)}


def apply_events(session: ReferenceSession, events: Sequence[SentEvent], now: int) -> list[str]:
    """Apply events sent together, in time order. Returns the problem codes in input order."""
    problems = {
        index: _apply_event(session, events[index], now)
        for index in sorted(range(len(events)), key=lambda i: events[i].ts)
    }
    return [code for index in range(len(events)) for code in problems[index]]


def _apply_event(session: ReferenceSession, event: SentEvent, now: int) -> list[str]:
    if not 0 <= event.ts - session.events[0].ts <= max(0, session.age) + MINUTE:
        return ["BAD_USER_INPUT"]
    if event.identity not in session.event_results:
        session.event_results[event.identity] = _apply_new_event(session, event)
        if event.type in ACTIVITY_TYPES:
            session.timeline.append((event.type, now))
    return session.event_results[event.identity]


def _apply_new_event(session: ReferenceSession, event: SentEvent) -> list[str]:
    newest = session.events[-1]
    if event.ts < newest.ts - MINUTE:
        return ["LATE_EVENT"]
    if event.ts >= newest.ts and event.playhead != newest.playhead:
        session.stalled = 0
    insort(session.events, event, key=attrgetter("ts"))
    return []
