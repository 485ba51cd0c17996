"""Sessions by path, rolled up to the first segments."""

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.engine import Connection

from models.clock import SECOND, Instant
from models.rule import in_state_sql
from models.sql import json_item
from models.tables import path_time, session
from models.words import State
from resolvers.stats.figures import PathStat


def by_path(tx: Connection, matching: ColumnElement[bool], now: Instant, first: int, depth: int) -> list[PathStat]:
    """The paths with the most sessions, ties by path.

    A session counts once on each path that it has visible time on, or is on now.
    """
    were = (
        select(session.c.id, path_time.c.path, path_time.c.visible_ms, literal(0).label("now_on"))
        .join(path_time, path_time.c.session_id == session.c.id)
        .where(matching, path_time.c.visible_ms > 0)
    )
    are = select(session.c.id, session.c.path, literal(0), literal(1)).where(
        and_(matching, in_state_sql(State.ACTIVE, now))
    )
    visits = were.union_all(are).subquery()
    # A column for each segment, null where a path is shorter: they sort as lists do.
    segments = [json_item(visits.c.path, index) for index in range(depth)]
    sessions = func.count(visits.c.id.distinct())
    statement = (
        select(sessions, func.sum(visits.c.now_on), func.sum(visits.c.visible_ms), *segments)
        .group_by(*segments)
        .order_by(sessions.desc(), *(segment.asc().nulls_first() for segment in segments))
        .limit(first)
    )
    return [
        PathStat([segment for segment in path if segment is not None], total, int(now_on), int(visible_ms) / SECOND)
        for total, now_on, visible_ms, *path in tx.execute(statement)
    ]
