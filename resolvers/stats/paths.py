"""Sessions by path, rolled up to the first segments."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all
from sqlalchemy.engine import Connection

from models.clock import SECOND
from models.dialect import json_item, no_index
from models.tables import path_time, session
from resolvers.sessions.queries import SessionSelection
from resolvers.stats.types import PathStat


def by_path(tx: Connection, selection: SessionSelection, first: int, depth: int) -> list[PathStat]:
    """The paths with the most sessions, ties by path.

    A session counts once on each path that it has visible time on, or is on now.
    """
    combined = union_all(_ended(selection, depth), _live(selection, depth)).subquery()
    sums = [func.sum(combined.c[name]) for name in ("sessions", "now_on", "visible_ms")]
    segments = [combined.c[f"segment_{index}"] for index in range(depth)]
    statement = (
        select(*sums, *segments)
        .group_by(*segments)
        .order_by(sums[0].desc(), *(segment.asc().nulls_first() for segment in segments))
        .limit(first)
    )
    return [
        PathStat([part for part in path if part is not None], int(sessions), int(now_on), int(visible_ms) / SECOND)
        for sessions, now_on, visible_ms, *path in tx.execute(statement)
    ]


def _ended(selection: SessionSelection, depth: int) -> Select[Any]:
    """Of sessions whose end is written down: whole paths first, of which few differ, then what they begin with."""
    visits = select(
        path_time.c.path,
        func.sum(case((path_time.c.shared < depth, 1), else_=0)).label("sessions"),
        func.sum(path_time.c.final_ms).label("visible_ms"),
    )
    condition = selection.ended_path_times
    if condition is None:
        # From the sessions to their times, never the other way.
        visits = visits.join(session, path_time.c.session_id == no_index(session.c.id)).where(selection.ended)
        visits = visits.group_by(no_index(path_time.c.path))
    else:
        # In the order of the index.
        visits = visits.where(path_time.c.final_ms.is_not(None), condition)
        visits = visits.group_by(path_time.c.project_id, path_time.c.path)
    by_path = visits.subquery()
    return select(
        by_path.c.sessions, literal(0).label("now_on"), by_path.c.visible_ms, *_segments(by_path.c.path, depth)
    )


def _live(selection: SessionSelection, depth: int) -> Select[Any]:
    """Of the other sessions, which may be on a path that they have no time on as yet."""
    visited = (
        select(session.c.id, path_time.c.path, path_time.c.visible_ms, literal(0).label("now_on"))
        .join(path_time, path_time.c.session_id == no_index(session.c.id))
        .where(selection.live)
    )
    current = select(session.c.id, session.c.path, literal(0), literal(1)).where(selection.active)
    visits = visited.union_all(current).subquery()
    segments = _segments(visits.c.path, depth)
    aggregates = [func.count(visits.c.id.distinct()), func.sum(visits.c.now_on), func.sum(visits.c.visible_ms)]
    return select(*aggregates, *segments).group_by(*segments)


def _segments(path: ColumnElement[Any], depth: int) -> list[ColumnElement[str]]:
    """A column for each segment, null where a path is shorter: they sort as lists do."""
    return [json_item(path, index).label(f"segment_{index}") for index in range(depth)]
