"""The live rule: what a session is now, from its row and the clock alone.

Each part stands twice, in Python and in SQL, side by side; a test holds the two together. Nothing here writes:
the sweeper only writes down what is already true (see the design of the domain, section 1).
"""

from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, literal, or_
from sqlalchemy.sql.functions import coalesce

from models.clock import SECOND, Instant
from models.dialect import bounded_range, greatest, least, no_index
from models.enums import EndReason, Kind, State
from models.kinds import KINDS
from models.kinds.base import Deadline
from models.tables import session as session_table
from models.tables.session import Session

OBSERVED_ENDS = (EndReason.STOPPED, EndReason.COMPLETED, EndReason.TERMINATED)
"""Ends that were seen; EXPIRED and STALLED sessions lasted until they were last heard, CANCELLED ones not at all."""


def is_expired(s: Session, now: Instant) -> bool:
    """Whether it ended by time and that is not yet written down. Heard exactly a timeout ago is over."""
    return s.ended_at is None and s.expires_at is not None and s.expires_at <= now


def is_expired_sql(now: Instant, t: Table = session_table) -> ColumnElement[bool]:
    # due_at is never after expires_at, and unlike it has an index, where the sweeper leaves little to be found.
    return and_(no_index(t.c.ended_at).is_(None), bounded_range(t.c.due_at, before=now + 1), t.c.expires_at <= now)


def state(s: Session, now: Instant) -> State:
    """ENDED, else SCHEDULED (AGENDA only), else ACTIVE."""
    if s.ended_at is not None or is_expired(s, now):
        return State.ENDED
    return State.SCHEDULED if is_scheduled(s, now) else State.ACTIVE


def in_state_sql(target: State, now: Instant, t: Table = session_table) -> ColumnElement[bool]:
    """Whether a row is in the state `wanted`."""
    if target == State.ENDED:
        return or_(t.c.ended_at.is_not(None), is_expired_sql(now, t))
    not_ended = _not_ended_sql(now, t)
    scheduled = is_scheduled_sql(now, t)
    return and_(not_ended, scheduled if target == State.SCHEDULED else ~scheduled)


def is_scheduled(s: Session, now: Instant) -> bool:
    """Whether an item of the agenda has still to begin. What was written down as begun stays so if the clock steps
    back: nothing would announce a second beginning.
    """
    return s.kind == Kind.AGENDA and not s.begun and now < s.started_at


def is_scheduled_sql(now: Instant, t: Table = session_table) -> ColumnElement[bool]:
    return and_(t.c.kind == Kind.AGENDA.value, t.c.begun.is_(False), t.c.started_at > now)


def _not_ended_sql(now: Instant, t: Table) -> ColumnElement[bool]:
    # Not the negation of ENDED: that is null, not true, where a row has no due_at.
    return and_(t.c.ended_at.is_(None), or_(t.c.expires_at.is_(None), t.c.expires_at > now))


def is_ended_sql(t: Table = session_table, *, indexed: bool = True) -> ColumnElement[bool]:
    """Whether its end is written down; then nothing of it changes any more. The indexes of the past are for those
    who ask of nothing else than they hold."""
    return (t.c.end_reason if indexed else no_index(t.c.end_reason)).is_not(None)


def is_live_sql(t: Table = session_table) -> ColumnElement[bool]:
    """Whether it is one of the others: it goes on, has still to begin, or has ended by time unnoticed so far."""
    return t.c.ended_at.is_(None)


def is_visible(s: Session, now: Instant) -> bool:
    """Whether it is visible: never once it has ended."""
    return s.visible and state(s, now) != State.ENDED


def is_visible_sql(now: Instant, t: Table = session_table) -> ColumnElement[bool]:
    return and_(t.c.visible, _not_ended_sql(now, t))


def effective_end(s: Session, now: Instant) -> Instant | None:
    """When it ended: as written, else `expires_at` where that has passed."""
    return s.expires_at if is_expired(s, now) else s.ended_at


def effective_end_sql(now: Instant, t: Table = session_table) -> ColumnElement[Any]:
    return coalesce(t.c.ended_at, case((is_expired_sql(now, t), t.c.expires_at)))


def end_reason(s: Session, now: Instant) -> str | None:
    """Why it ended, null while it has not."""
    return s.expiry_reason if is_expired(s, now) else s.end_reason


def end_reason_sql(now: Instant, t: Table = session_table) -> ColumnElement[Any]:
    return coalesce(t.c.end_reason, case((is_expired_sql(now, t), t.c.expiry_reason)))


def elapsed(s: Session, now: Instant) -> int:
    """Milliseconds it has lasted; never negative, also where a clock stepped back."""
    end = effective_end(s, now)
    if end is None:
        until = now
    elif end_reason(s, now) in OBSERVED_ENDS:
        until = end
    elif end_reason(s, now) == EndReason.CANCELLED:
        until = s.started_at
    else:
        until = s.last_seen_at
    return max(0, until - s.started_at)


def elapsed_sql(now: Instant, t: Table = session_table) -> ColumnElement[Any]:
    reason = end_reason_sql(now, t)
    until = case(
        (reason.is_(None), literal(now)),
        (reason.in_([word.value for word in OBSERVED_ENDS]), effective_end_sql(now, t)),
        (reason == EndReason.CANCELLED.value, t.c.started_at),
        else_=t.c.last_seen_at,
    )
    return greatest(0, until - t.c.started_at)


def deadline(s: Session) -> tuple[Instant | None, EndReason | None]:
    """The earliest of a session's ends by time, and its reason; of two at once, silence is named first."""
    ends = [(getattr(s, end.start_column), end) for end in KINDS[s.kind].deadlines]
    found = [(since + end.duration_ms, end.reason) for since, end in ends if since is not None]
    if s.timeout_seconds is not None:
        found.insert(0, (s.last_seen_at + s.timeout_seconds * SECOND, EndReason.EXPIRED))
    return min(found, key=lambda end: end[0], default=(None, None))


def extended_deadline_sql(now: Instant, t: Table = session_table) -> dict[str, ColumnElement[Any]]:
    """The columns of a session that is given its full timeout (and playhead time) from `now`, for an UPDATE.

    Only for rows with a timeout. What else may end them stays where it is.
    """
    timeout_at = now + t.c.timeout_seconds * SECOND
    ends: list[tuple[ColumnElement[bool], ColumnElement[Any]]] = []
    reasons: list[tuple[ColumnElement[bool], Any]] = []
    reset_columns: dict[str, ColumnElement[Any]] = {}
    for rules in KINDS.values():
        if not rules.deadlines:
            continue
        kind_deadlines = [_extended_deadline(end, now, t) for end in rules.deadlines]
        earliest = least(timeout_at, *kind_deadlines)
        ends.append((t.c.kind == rules.kind.value, earliest))
        for end, other in zip(rules.deadlines, kind_deadlines, strict=True):
            is_earliest = and_(t.c.kind == rules.kind.value, other < timeout_at, other == earliest)
            reasons.append((is_earliest, end.reason.value))
            if end.extends_after_downtime:
                reset_columns[end.start_column] = case(
                    (t.c.kind == rules.kind.value, literal(now)), else_=t.c[end.start_column]
                )
    expires_at = case(*ends, else_=timeout_at)
    return {
        "expires_at": expires_at,
        # A clock that was set back may have left it later than that: see `has_lapsed_sql`.
        "due_at": least(t.c.due_at, expires_at),
        "expiry_reason": case(*reasons, else_=EndReason.EXPIRED.value),
        **reset_columns,
    }


def _extended_deadline(end: Deadline, now: Instant, t: Table) -> ColumnElement[Any]:
    return literal(now + end.duration_ms) if end.extends_after_downtime else t.c[end.start_column] + end.duration_ms
