"""Queries of statistics: one statement each."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select, union_all

from models.clock import SECOND, Instant
from models.database import Transaction
from models.dialect import json_item, no_index
from models.enums import Kind, State
from models.session_rules import elapsed_sql, in_state_sql, is_expired_sql
from models.tables import path_time, session
from resolvers.sessions.queries import SessionSelection
from resolvers.stats.series import Buckets, accumulate
from resolvers.stats.types import GroupStats, PathStats, StatsBucket, Summary, combine_summaries

# ---- counts ----


def total(tx: Transaction, selection: SessionSelection) -> int:
    """Count sessions in any state."""
    return int(tx.execute(selection.count()).scalar_one())


def active(tx: Transaction, selection: SessionSelection, *, seen_since: Instant | None = None) -> int:
    """Count active sessions, optionally only those seen since an instant."""
    seen = () if seen_since is None else (session.c.last_seen_at >= seen_since,)
    return _count(tx, and_(selection.active, *seen))


def visible(tx: Transaction, selection: SessionSelection) -> int:
    return _count(tx, selection.visible)


def _count(tx: Transaction, condition: ColumnElement[bool]) -> int:
    return int(tx.execute(select(func.count()).select_from(session).where(condition)).scalar_one())


def active_by_kind(tx: Transaction, now: Instant) -> dict[str, int]:
    """Count active sessions of all projects by kind, including kinds without any."""
    statement = select(session.c.kind, func.count()).where(in_state_sql(State.ACTIVE, now)).group_by(session.c.kind)
    return dict.fromkeys(Kind, 0) | {row[0]: row[1] for row in tx.execute(statement)}


# ---- durations and groups ----


@dataclass(frozen=True)
class DualColumn:
    """Value of a session: in ended sessions a column of a covering index, in live ones an expression."""

    ended: ColumnElement[Any]
    live: ColumnElement[Any]


# Live sessions are few: reading them in the order of an index would touch the ended ones as well.
KIND: Final = DualColumn(session.c.kind, no_index(session.c.kind))
PROJECT: Final = DualColumn(session.c.project_id, no_index(session.c.project_id))
SUBJECT: Final = DualColumn(session.c.subject, no_index(session.c.subject))
VISIBLE_MS: Final = DualColumn(session.c.final_visible_ms, session.c.visible_ms)


def end_reason(now: Instant) -> DualColumn:
    """Null until the session ends."""
    return DualColumn(session.c.end_reason, case((is_expired_sql(now), session.c.expiry_reason)))


def elapsed_ms(now: Instant) -> DualColumn:
    return DualColumn(session.c.final_elapsed_ms, elapsed_sql(now))


def summarize(tx: Transaction, selection: SessionSelection, duration: DualColumn) -> Summary:
    parts = [_summary(duration.ended, selection.ended), _summary(duration.live, selection.live)]
    return combine_summaries(tuple(row) for row in tx.execute(union_all(*parts)))


def _summary(duration: ColumnElement[Any], condition: ColumnElement[bool]) -> Select[Any]:
    columns = [func.count(), func.sum(duration), func.min(duration), func.max(duration)]
    return select(*columns).select_from(session).where(condition)


def groups(tx: Transaction, selection: SessionSelection, key: DualColumn, first: int | None) -> list[GroupStats]:
    """Return the largest groups of sessions with equal `key`, ties by key, without sessions whose key is null."""
    ended_key = selection.group_key(key.ended)
    ended = select(
        ended_key.label("group_key"),
        func.count().label("total"),
        literal(0).label("active"),
        literal(0).label("visible"),
        func.sum(session.c.final_visible_ms).label("visible_ms"),
    ).where(selection.ended, ended_key.is_not(None))
    is_active = in_state_sql(State.ACTIVE, selection.now)
    live = select(
        key.live.label("group_key"),
        func.count(),
        func.count().filter(is_active),
        func.count().filter(and_(is_active, session.c.visible)),
        func.sum(session.c.visible_ms),
    ).where(selection.live, key.live.is_not(None))
    both = union_all(ended.group_by("group_key"), live.group_by("group_key")).subquery()
    sums = [func.sum(both.c[name]) for name in ("total", "active", "visible", "visible_ms")]
    statement = (
        select(both.c.group_key, *sums).group_by(both.c.group_key).order_by(sums[0].desc(), both.c.group_key)
    ).limit(first)
    return [
        GroupStats(name, int(count), int(active), int(visible), int(visible_ms) / SECOND)
        for name, count, active, visible, visible_ms in tx.execute(statement)
    ]


# ---- paths ----


def by_path(tx: Transaction, selection: SessionSelection, first: int, depth: int) -> list[PathStats]:
    """Return the paths, cut to `depth` segments, with the most sessions, ties by path.

    A session counts once on each path where it has visible time or is now.
    """
    both = union_all(_ended_paths(selection, depth), _live_paths(selection, depth)).subquery()
    sums = [func.sum(both.c[name]) for name in ("sessions", "now_on", "visible_ms")]
    segments = [both.c[f"segment_{index}"] for index in range(depth)]
    statement = (
        select(*sums, *segments)
        .group_by(*segments)
        .order_by(sums[0].desc(), *(segment.asc().nulls_first() for segment in segments))
        .limit(first)
    )
    return [
        PathStats([part for part in path if part is not None], int(sessions), int(now_on), int(visible_ms) / SECOND)
        for sessions, now_on, visible_ms, *path in tx.execute(statement)
    ]


def _ended_paths(selection: SessionSelection, depth: int) -> Select[Any]:
    """Group by whole paths first: few of them differ, and the cut to `depth` needs no more rows than these."""
    visits = select(
        path_time.c.path,
        func.sum(case((path_time.c.shared < depth, 1), else_=0)).label("sessions"),
        func.sum(path_time.c.final_ms).label("visible_ms"),
    )
    condition = selection.ended_path_times
    if condition is None:
        # Join from the sessions to their path times, never the other way.
        visits = visits.join(session, path_time.c.session_id == no_index(session.c.id)).where(selection.ended)
        visits = visits.group_by(no_index(path_time.c.path))
    else:
        # Group in the order of the index.
        visits = visits.where(path_time.c.final_ms.is_not(None), condition)
        visits = visits.group_by(path_time.c.project_id, path_time.c.path)
    paths = visits.subquery()
    return select(paths.c.sessions, literal(0).label("now_on"), paths.c.visible_ms, *_segments(paths.c.path, depth))


def _live_paths(selection: SessionSelection, depth: int) -> Select[Any]:
    """Include the current paths of active sessions, which may have no visible time yet."""
    visited = (
        select(session.c.id, path_time.c.path, path_time.c.visible_ms, literal(0).label("now_on"))
        .join(path_time, path_time.c.session_id == no_index(session.c.id))
        .where(selection.live)
    )
    current = select(session.c.id, session.c.path, literal(0), literal(1)).where(selection.active)
    visits = visited.union_all(current).subquery()
    segments = _segments(visits.c.path, depth)
    sums = [func.count(visits.c.id.distinct()), func.sum(visits.c.now_on), func.sum(visits.c.visible_ms)]
    return select(*sums, *segments).group_by(*segments)


def _segments(path: ColumnElement[Any], depth: int) -> list[ColumnElement[str]]:
    """Return a column for each segment, null where the path is shorter: these sort as lists do."""
    return [json_item(path, index).label(f"segment_{index}") for index in range(depth)]


# ---- series ----


def series(tx: Transaction, selection: SessionSelection, buckets: Buckets) -> list[StatsBucket]:
    """Count active, starting and ending sessions in each bucket.

    A session is active from its start up to, not including, its effective end. A cancelled one, which ended before
    its start, was never active and never started, but it ended.
    """
    # Ended sessions have an end, and the index of ends leads.
    ended = _Intervals(selection.ended, no_index(session.c.started_at), session.c.ended_at, false())
    expired_at = case((is_expired_sql(selection.now), session.c.expires_at))
    live = _Intervals(selection.live, session.c.started_at, expired_at, expired_at.is_(None))
    rows = tx.execute(union_all(*ended.counts(buckets), *live.counts(buckets)))
    return accumulate(rows, buckets)


@dataclass(frozen=True)
class _Intervals:
    """Intervals from start to end of ended or live sessions, as columns."""

    condition: ColumnElement[bool]
    start: ColumnElement[Any]
    end: ColumnElement[Any]
    is_open: ColumnElement[bool]

    def counts(self, buckets: Buckets) -> list[Select[Any]]:
        """Return statements for the rows of `accumulate`."""
        return [self._open(buckets), self._starts(buckets), self._ends(buckets)]

    def _open(self, buckets: Buckets) -> Select[Any]:
        columns: list[ColumnElement[Any]] = [literal("open"), literal(0), func.count(), literal(0), literal(0)]
        return select(*columns).where(self.condition, self.start < buckets.start, self._ends_from(buckets.start))

    def _starts(self, buckets: Buckets) -> Select[Any]:
        bucket = ((self.start - buckets.start) // buckets.width).label("bucket")
        within = and_(self.start >= buckets.start, self.start < buckets.end)
        return (
            select(literal("start"), bucket, func.count().filter(self._lasts()), func.count(), literal(0))
            # The last condition drops cancelled sessions; the one before it lets the index of ends narrow the rows.
            .where(self.condition, within, self._ends_from(buckets.start), self._ends_from(self.start))
            .group_by("bucket")
        )

    def _ends(self, buckets: Buckets) -> Select[Any]:
        since = self.end - buckets.start
        at_bucket_start = and_(self._lasts(), since % buckets.width == 0)
        return (
            select(
                literal("end"),
                (since // buckets.width).label("bucket"),
                func.count().filter(self._lasts()),
                func.count(),
                func.count().filter(at_bucket_start),
            )
            .where(self.condition, self.end >= buckets.start, self.end < buckets.end)
            .group_by("bucket")
        )

    def _lasts(self) -> ColumnElement[bool]:
        return or_(self.is_open, self.end > self.start)

    def _ends_from(self, moment: ColumnElement[Any] | Instant) -> ColumnElement[bool]:
        return or_(self.is_open, self.end >= moment)
