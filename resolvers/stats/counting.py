"""Counts, durations and groups: one statement each over the sessions that match."""

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.engine import Connection

from models.clock import SECOND, Instant
from models.rule import in_state_sql, is_visible_sql
from models.tables import session
from models.words import Kind, State
from resolvers.stats.figures import StatGroup, Summary, summary


def count(tx: Connection, matching: ColumnElement[bool]) -> int:
    """How many sessions match."""
    return int(tx.execute(select(func.count()).select_from(session).where(matching)).scalar_one())


def active_by_kind(tx: Connection, now: Instant) -> dict[str, int]:
    """How many sessions of each kind are going on, whoever's they are; kinds without one too."""
    statement = select(session.c.kind, func.count()).where(in_state_sql(State.ACTIVE, now)).group_by(session.c.kind)
    return dict.fromkeys(Kind, 0) | {row[0]: row[1] for row in tx.execute(statement)}


def summarise(tx: Connection, matching: ColumnElement[bool], milliseconds: ColumnElement[Any]) -> Summary:
    """Figures of one duration of each session that matches."""
    figures = [func.count(), func.sum(milliseconds), func.min(milliseconds), func.max(milliseconds)]
    return summary(*tx.execute(select(*figures).select_from(session).where(matching)).one())


def groups(
    tx: Connection, matching: ColumnElement[bool], now: Instant, key: ColumnElement[Any], first: int | None
) -> list[StatGroup]:
    """The largest groups of sessions with the same `key`, ties by key; sessions without one are in none."""
    total = func.count()
    statement = (
        select(
            key.label("group_key"),
            total,
            func.count().filter(in_state_sql(State.ACTIVE, now)),
            func.count().filter(is_visible_sql(now)),
            func.sum(session.c.visible_ms),
        )
        .where(matching, key.is_not(None))
        .group_by("group_key")
        .order_by(total.desc(), "group_key")
        .limit(first)
    )
    return [
        StatGroup(name, total, active, visible, int(visible_ms) / SECOND)
        for name, total, active, visible, visible_ms in tx.execute(statement)
    ]
