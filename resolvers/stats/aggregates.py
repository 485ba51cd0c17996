"""Counts, durations and groups: one statement each over the sessions that match."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all
from sqlalchemy.engine import Connection

from models.clock import SECOND, Instant
from models.dialect import no_index
from models.enums import Kind, State
from models.session_rules import elapsed_sql, in_state_sql, is_expired_sql, is_visible_sql
from models.tables import session
from resolvers.sessions.queries import SessionSelection
from resolvers.stats.types import StatGroup, Summary, combine_summaries


@dataclass(frozen=True)
class DualColumn:
    """Something of a session: how the past half knows it, and how the present one does.

    The few rows of the present are not to be read in its order, for which all others would be looked at as well.
    """

    ended: ColumnElement[Any]
    live: ColumnElement[Any]


KIND: Final = DualColumn(session.c.kind, no_index(session.c.kind))
PROJECT: Final = DualColumn(session.c.project_id, no_index(session.c.project_id))
SUBJECT: Final = DualColumn(session.c.subject, no_index(session.c.subject))
VISIBLE: Final = DualColumn(session.c.final_visible_ms, session.c.visible_ms)


def end_reason(now: Instant) -> DualColumn:
    """Why it ended; null while it has not."""
    return DualColumn(session.c.end_reason, case((is_expired_sql(now), session.c.expiry_reason)))


def elapsed(now: Instant) -> DualColumn:
    """How long it has lasted, in milliseconds."""
    return DualColumn(session.c.final_elapsed_ms, elapsed_sql(now))


def count(tx: Connection, condition: ColumnElement[bool]) -> int:
    """How many sessions match."""
    return int(tx.execute(select(func.count()).select_from(session).where(condition)).scalar_one())


def total(tx: Connection, selection: SessionSelection) -> int:
    """How many sessions match, in both halves."""
    return int(tx.execute(selection.count()).scalar_one())


def active_by_kind(tx: Connection, now: Instant) -> dict[str, int]:
    """How many sessions of each kind are going on, whoever's they are; kinds without one too."""
    statement = select(session.c.kind, func.count()).where(in_state_sql(State.ACTIVE, now)).group_by(session.c.kind)
    return dict.fromkeys(Kind, 0) | {row[0]: row[1] for row in tx.execute(statement)}


def summarize(tx: Connection, selection: SessionSelection, duration: DualColumn) -> Summary:
    """Figures of one duration of each session that matches."""
    parts = [_summary_statement(duration.ended, selection.ended), _summary_statement(duration.live, selection.live)]
    return combine_summaries(tuple(row) for row in tx.execute(union_all(*parts)))


def _summary_statement(duration: ColumnElement[Any], condition: ColumnElement[bool]) -> Select[Any]:
    aggregates = [func.count(), func.sum(duration), func.min(duration), func.max(duration)]
    return select(*aggregates).select_from(session).where(condition)


def groups(tx: Connection, selection: SessionSelection, key: DualColumn, first: int | None) -> list[StatGroup]:
    """The largest groups of sessions with the same `key`, ties by key; sessions without one are in none."""
    ended_key = selection.group_key(key.ended)
    ended = select(
        ended_key.label("group_key"),
        func.count().label("total"),
        literal(0).label("active"),
        literal(0).label("visible"),
        func.sum(session.c.final_visible_ms).label("visible_ms"),
    ).where(selection.ended, ended_key.is_not(None))
    live = select(
        key.live.label("group_key"),
        func.count(),
        func.count().filter(in_state_sql(State.ACTIVE, selection.now)),
        func.count().filter(is_visible_sql(selection.now)),
        func.sum(session.c.visible_ms),
    ).where(selection.live, key.live.is_not(None))
    combined = union_all(ended.group_by("group_key"), live.group_by("group_key")).subquery()
    sums = [func.sum(combined.c[name]) for name in ("total", "active", "visible", "visible_ms")]
    statement = (
        select(combined.c.group_key, *sums)
        .group_by(combined.c.group_key)
        .order_by(sums[0].desc(), combined.c.group_key)
        .limit(first)
    )
    return [
        StatGroup(name, int(count), int(active), int(visible), int(visible_ms) / SECOND)
        for name, count, active, visible, visible_ms in tx.execute(statement)
    ]
