"""Sessions by path, rolled up to the first segments."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all
from sqlalchemy.engine import Connection

from models.clock import SECOND
from models.dialect import json_item, unindexed
from models.tables import path_time, session
from resolvers.sessions.live_and_ended import Halves
from resolvers.stats.types import PathStat


def by_path(tx: Connection, halves: Halves, first: int, depth: int) -> list[PathStat]:
    """The paths with the most sessions, ties by path.

    A session counts once on each path that it has visible time on, or is on now.
    """
    both = union_all(_past(halves, depth), _present(halves, depth)).subquery()
    figures = [func.sum(both.c[name]) for name in ("sessions", "now_on", "visible_ms")]
    segments = [both.c[f"segment_{index}"] for index in range(depth)]
    statement = (
        select(*figures, *segments)
        .group_by(*segments)
        .order_by(figures[0].desc(), *(segment.asc().nulls_first() for segment in segments))
        .limit(first)
    )
    return [
        PathStat([part for part in path if part is not None], int(sessions), int(now_on), int(visible_ms) / SECOND)
        for sessions, now_on, visible_ms, *path in tx.execute(statement)
    ]


def _past(halves: Halves, depth: int) -> Select[Any]:
    """Of sessions whose end is written down: whole paths first, of which few differ, then what they begin with."""
    visits = select(
        path_time.c.path,
        func.sum(case((path_time.c.shared < depth, 1), else_=0)).label("sessions"),
        func.sum(path_time.c.final_ms).label("visible_ms"),
    )
    condition = halves.past_times
    if condition is None:
        # From the sessions to their times, never the other way.
        visits = visits.join(session, path_time.c.session_id == unindexed(session.c.id)).where(halves.past)
        visits = visits.group_by(unindexed(path_time.c.path))
    else:
        # In the order of the index.
        visits = visits.where(path_time.c.final_ms.is_not(None), condition)
        visits = visits.group_by(path_time.c.project_id, path_time.c.path)
    found = visits.subquery()
    return select(found.c.sessions, literal(0).label("now_on"), found.c.visible_ms, *_segments(found.c.path, depth))


def _present(halves: Halves, depth: int) -> Select[Any]:
    """Of the other sessions, which may be on a path that they have no time on as yet."""
    were = (
        select(session.c.id, path_time.c.path, path_time.c.visible_ms, literal(0).label("now_on"))
        .join(path_time, path_time.c.session_id == unindexed(session.c.id))
        .where(halves.present)
    )
    are = select(session.c.id, session.c.path, literal(0), literal(1)).where(halves.active)
    visits = were.union_all(are).subquery()
    segments = _segments(visits.c.path, depth)
    figures = [func.count(visits.c.id.distinct()), func.sum(visits.c.now_on), func.sum(visits.c.visible_ms)]
    return select(*figures, *segments).group_by(*segments)


def _segments(path: ColumnElement[Any], depth: int) -> list[ColumnElement[str]]:
    """A column for each segment, null where a path is shorter: they sort as lists do."""
    return [json_item(path, index).label(f"segment_{index}") for index in range(depth)]
