"""Counts, durations and groups: one statement each over the sessions that match."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all
from sqlalchemy.engine import Connection

from models.clock import SECOND, Instant
from models.dialect import unindexed
from models.enums import Kind, State
from models.session_rules import elapsed_sql, has_lapsed_sql, in_state_sql, is_visible_sql
from models.tables import session
from resolvers.sessions.live_and_ended import Halves
from resolvers.stats.types import StatGroup, Summary, summary


@dataclass(frozen=True)
class Value:
    """Something of a session: how the past half knows it, and how the present one does.

    The few rows of the present are not to be read in its order, for which all others would be looked at as well.
    """

    past: ColumnElement[Any]
    present: ColumnElement[Any]


KIND: Final = Value(session.c.kind, unindexed(session.c.kind))
PROJECT: Final = Value(session.c.project_id, unindexed(session.c.project_id))
SUBJECT: Final = Value(session.c.subject, unindexed(session.c.subject))
VISIBLE: Final = Value(session.c.final_visible_ms, session.c.visible_ms)


def end_reason(now: Instant) -> Value:
    """Why it ended; null while it has not."""
    return Value(session.c.end_reason, case((has_lapsed_sql(now), session.c.expiry_reason)))


def elapsed(now: Instant) -> Value:
    """How long it has lasted, in milliseconds."""
    return Value(session.c.final_elapsed_ms, elapsed_sql(now))


def count(tx: Connection, condition: ColumnElement[bool]) -> int:
    """How many sessions match."""
    return int(tx.execute(select(func.count()).select_from(session).where(condition)).scalar_one())


def total(tx: Connection, halves: Halves) -> int:
    """How many sessions match, in both halves."""
    return int(tx.execute(halves.count()).scalar_one())


def active_by_kind(tx: Connection, now: Instant) -> dict[str, int]:
    """How many sessions of each kind are going on, whoever's they are; kinds without one too."""
    statement = select(session.c.kind, func.count()).where(in_state_sql(State.ACTIVE, now)).group_by(session.c.kind)
    return dict.fromkeys(Kind, 0) | {row[0]: row[1] for row in tx.execute(statement)}


def summarise(tx: Connection, halves: Halves, milliseconds: Value) -> Summary:
    """Figures of one duration of each session that matches."""
    parts = [_summary(milliseconds.past, halves.past), _summary(milliseconds.present, halves.present)]
    return summary(tuple(row) for row in tx.execute(union_all(*parts)))


def _summary(milliseconds: ColumnElement[Any], condition: ColumnElement[bool]) -> Select[Any]:
    figures = [func.count(), func.sum(milliseconds), func.min(milliseconds), func.max(milliseconds)]
    return select(*figures).select_from(session).where(condition)


def groups(tx: Connection, halves: Halves, key: Value, first: int | None) -> list[StatGroup]:
    """The largest groups of sessions with the same `key`, ties by key; sessions without one are in none."""
    past_key = halves.grouping(key.past)
    past = select(
        past_key.label("group_key"),
        func.count().label("total"),
        literal(0).label("active"),
        literal(0).label("visible"),
        func.sum(session.c.final_visible_ms).label("visible_ms"),
    ).where(halves.past, past_key.is_not(None))
    present = select(
        key.present.label("group_key"),
        func.count(),
        func.count().filter(in_state_sql(State.ACTIVE, halves.now)),
        func.count().filter(is_visible_sql(halves.now)),
        func.sum(session.c.visible_ms),
    ).where(halves.present, key.present.is_not(None))
    both = union_all(past.group_by("group_key"), present.group_by("group_key")).subquery()
    figures = [func.sum(both.c[name]) for name in ("total", "active", "visible", "visible_ms")]
    statement = (
        select(both.c.group_key, *figures)
        .group_by(both.c.group_key)
        .order_by(figures[0].desc(), both.c.group_key)
        .limit(first)
    )
    return [
        StatGroup(name, int(count), int(active), int(visible), int(visible_ms) / SECOND)
        for name, count, active, visible, visible_ms in tx.execute(statement)
    ]
