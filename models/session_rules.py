"""State, end and duration of a session, computed from its row and the clock.

Each rule stands twice, in Python and in SQL; a test holds the two together. The sweeper only persists what these rules
compute already (docs/domain.md, section 1).
"""

from collections.abc import Callable
from itertools import chain
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Table, and_, bindparam, case, literal, or_, type_coerce
from sqlalchemy.sql.functions import coalesce

from models.clock import SECOND, Instant
from models.dialect import SqlInteger, bounded_range, greatest, least, no_index
from models.enums import EndReason, Kind, State
from models.kinds import KINDS
from models.kinds.base import Deadline
from models.tables import session as session_table
from models.tables.rows import Session

OBSERVED_ENDS = (EndReason.STOPPED, EndReason.COMPLETED, EndReason.TERMINATED)
"""Reasons of ends up to which a session lasted. EXPIRED and STALLED ones lasted until they were last seen."""

SqlInstant: TypeAlias = SqlInteger
"""An instant, or the parameter for one."""
NOW: Final = bindparam("now", type_=BigInteger)

Rule: TypeAlias = Callable[[Session, Instant], Any]
AnyRule = TypeVar("AnyRule", bound=Rule)

COLUMNS_OF: Final[dict[Rule, frozenset[str]]] = {}
"""The columns of a session that a rule reads: a list selects no others."""


def _reads(*names: str | Rule) -> Callable[[AnyRule], AnyRule]:
    """Name the columns that a rule reads, and the rules that it calls."""

    def register(rule: AnyRule) -> AnyRule:
        COLUMNS_OF[rule] = frozenset(
            chain.from_iterable([name] if isinstance(name, str) else COLUMNS_OF[name] for name in names)
        )
        return rule

    return register


@_reads("ended_at", "expires_at")
def is_expired(s: Session, now: Instant) -> bool:
    """Check for an end by time that is not written yet. The deadline itself is no longer part of the session."""
    return s.ended_at is None and s.expires_at is not None and s.expires_at <= now


def is_expired_sql(now: SqlInstant, t: Table = session_table) -> ColumnElement[bool]:
    # due_at is never after expires_at and has an index, in which the sweeper leaves few rows before `now`.
    return and_(no_index(t.c.ended_at).is_(None), bounded_range(t.c.due_at, before=now + 1), t.c.expires_at <= now)


def in_state_sql(target: State, now: SqlInstant, t: Table = session_table) -> ColumnElement[bool]:
    if target == State.ENDED:
        return or_(t.c.ended_at.is_not(None), is_expired_sql(now, t))
    not_ended = _not_ended_sql(now, t)
    scheduled = is_scheduled_sql(now, t)
    return and_(not_ended, scheduled if target == State.SCHEDULED else ~scheduled)


@_reads("kind", "begun", "started_at")
def is_scheduled(s: Session, now: Instant) -> bool:
    # Once STARTED is announced, a clock that steps back must not make the session scheduled again.
    return not s.begun and s.kind == Kind.AGENDA and now < s.started_at


@_reads("ended_at", is_expired, is_scheduled)
def state(s: Session, now: Instant) -> State:
    if s.ended_at is not None or is_expired(s, now):
        return State.ENDED
    return State.SCHEDULED if is_scheduled(s, now) else State.ACTIVE


def is_scheduled_sql(now: SqlInstant, t: Table = session_table) -> ColumnElement[bool]:
    return and_(t.c.kind == Kind.AGENDA.value, t.c.begun.is_(False), t.c.started_at > now)


def _not_ended_sql(now: SqlInstant, t: Table) -> ColumnElement[bool]:
    # Not the negation of ENDED, which is NULL where a row has no due_at.
    return and_(t.c.ended_at.is_(None), or_(t.c.expires_at.is_(None), t.c.expires_at > now))


def is_ended_sql(t: Table = session_table, *, indexed: bool = True) -> ColumnElement[bool]:
    """Select rows whose end is written; of these only the record changes, not the life.

    With `indexed`, SQLite may use the covering indexes of ended sessions: for queries of their columns only.
    """
    return (t.c.end_reason if indexed else no_index(t.c.end_reason)).is_not(None)


def is_live_sql(t: Table = session_table) -> ColumnElement[bool]:
    """Select the other rows: active, scheduled, or expired but not written yet."""
    return t.c.ended_at.is_(None)


@_reads("visible", "ended_at", is_expired)
def is_visible(s: Session, now: Instant) -> bool:
    return s.visible and s.ended_at is None and not is_expired(s, now)


def is_visible_sql(now: SqlInstant, t: Table = session_table) -> ColumnElement[bool]:
    return and_(t.c.visible, _not_ended_sql(now, t))


@_reads(is_expired)
def effective_end(s: Session, now: Instant) -> Instant | None:
    return s.expires_at if is_expired(s, now) else s.ended_at


def effective_end_sql(now: SqlInstant, t: Table = session_table) -> ColumnElement[Any]:
    return coalesce(t.c.ended_at, case((is_expired_sql(now, t), t.c.expires_at)))


@_reads("expires_at", effective_end)
def expiry(s: Session, now: Instant) -> Instant | None:
    """Return when it ends without further calls; None if it does not expire, or has ended."""
    return s.expires_at if effective_end(s, now) is None else None


@_reads("expiry_reason", "end_reason", is_expired)
def end_reason(s: Session, now: Instant) -> str | None:
    return s.expiry_reason if is_expired(s, now) else s.end_reason


def end_reason_sql(now: SqlInstant, t: Table = session_table) -> ColumnElement[Any]:
    return coalesce(t.c.end_reason, case((is_expired_sql(now, t), t.c.expiry_reason)))


@_reads("started_at", "last_seen_at", effective_end, end_reason)
def elapsed(s: Session, now: Instant) -> int:
    """Return the duration in milliseconds; never negative, even if a clock stepped back."""
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


def elapsed_sql(now: SqlInstant, t: Table = session_table) -> ColumnElement[Any]:
    reason = end_reason_sql(now, t)
    until = case(
        (reason.is_(None), type_coerce(now, BigInteger)),
        (reason.in_([end.value for end in OBSERVED_ENDS]), effective_end_sql(now, t)),
        (reason == EndReason.CANCELLED.value, t.c.started_at),
        else_=t.c.last_seen_at,
    )
    return greatest(0, until - t.c.started_at)


def deadline(s: Session) -> tuple[Instant | None, EndReason | None]:
    """Return the earliest end by time and its reason; the timeout takes precedence over others of the same instant."""
    rules = KINDS[s.kind]
    at, reason = None, None
    if s.timeout_seconds is not None:
        at, reason = s.last_seen_at + s.timeout_seconds * SECOND, rules.timeout_reason
    for end in rules.deadlines:
        start = getattr(s, end.start_column)
        if start is not None and (at is None or start + end.duration_ms < at):
            at, reason = start + end.duration_ms, end.reason
    return at, reason


def extended_deadline_sql(now: Instant, t: Table = session_table) -> dict[str, ColumnElement[Any]]:
    """Return the columns, for an UPDATE, of sessions that get their full timeout again from `now`.

    Only for rows with a timeout. Deadlines that do not extend after downtime stay.
    """
    timeout_at = now + t.c.timeout_seconds * SECOND
    ends: list[tuple[ColumnElement[bool], ColumnElement[Any]]] = []
    reasons: list[tuple[ColumnElement[bool], Any]] = []
    reset_columns: dict[str, ColumnElement[Any]] = {}
    for rules in KINDS.values():
        if not rules.deadlines:
            continue
        is_kind = t.c.kind == rules.kind.value
        kind_deadlines = [_extended_deadline(end, now, t) for end in rules.deadlines]
        earliest = least(timeout_at, *kind_deadlines)
        ends.append((is_kind, earliest))
        for end, instant in zip(rules.deadlines, kind_deadlines, strict=True):
            reasons.append((and_(is_kind, instant < timeout_at, instant == earliest), end.reason.value))
            if end.extends_after_downtime:
                reset_columns[end.start_column] = case((is_kind, literal(now)), else_=t.c[end.start_column])
    expires_at = case(*ends, else_=timeout_at)  # kinds without other deadlines
    return {
        "expires_at": expires_at,
        # If the clock was set back, due_at may be later than that: see `is_expired_sql`.
        "due_at": least(t.c.due_at, expires_at),
        "expiry_reason": case(*reasons, *_timeout_reasons(t), else_=EndReason.EXPIRED.value),
        **reset_columns,
    }


def _timeout_reasons(t: Table) -> list[tuple[ColumnElement[bool], str]]:
    """Return the reasons of timeouts that are not EXPIRED, by condition."""
    rules_by_kind = ((rules.kind, rules.timeout_reason) for rules in KINDS.values())
    return [(t.c.kind == kind.value, reason.value) for kind, reason in rules_by_kind if reason != EndReason.EXPIRED]


def _extended_deadline(end: Deadline, now: Instant, t: Table) -> ColumnElement[Any]:
    if end.extends_after_downtime:
        return literal(now + end.duration_ms)
    return t.c[end.start_column] + end.duration_ms
