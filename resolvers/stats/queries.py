"""Queries of statistics: one statement each, built once for all selections of a shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from models.clock import SECOND, Instant
from models.database import Statement, Transaction
from models.dialect import json_item, no_index
from models.enums import Kind, State
from models.session_rules import NOW, elapsed_sql, in_state_sql, is_expired_sql
from models.tables import path_time, session, session_track
from resolvers.sessions.queries import COVERING_INDEX_COLUMNS, SessionSelection, prepared
from resolvers.stats.series import Buckets, Mark
from resolvers.stats.types import GroupStats, PathStats, Summary, combine_summaries

_FIRST: Final = bindparam("first", type_=Integer)

# ---- counts ----


def total(tx: Transaction, selection: SessionSelection) -> int:
    """Count sessions in any state."""
    return _number(tx, prepared(SessionSelection.count, selection), selection)


def active(tx: Transaction, selection: SessionSelection, *, seen_since: Instant | None = None) -> int:
    """Count active sessions, optionally only those seen since an instant."""
    if seen_since is None:
        return _number(tx, prepared(_active, selection), selection)
    return _number(tx, prepared(_active, selection, _SEEN_SINCE), selection, seen_since=seen_since)


def visible(tx: Transaction, selection: SessionSelection) -> int:
    return _number(tx, prepared(_active, selection, session.c.visible), selection)


_SEEN_SINCE: Final = session.c.last_seen_at >= bindparam("seen_since")


def _active(selection: SessionSelection, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).select_from(session).where(selection.active, *conditions)


def _number(tx: Transaction, statement: Statement[Any], selection: SessionSelection, **values: Any) -> int:
    return int(statement.scalar(tx, **selection.parameters, **values))


def active_by_kind(tx: Transaction, now: Instant) -> dict[str, int]:
    """Count active sessions of all projects by kind, including kinds without any."""
    statement = select(session.c.kind, func.count()).where(in_state_sql(State.ACTIVE, now)).group_by(session.c.kind)
    return dict.fromkeys(Kind, 0) | {row[0]: row[1] for row in tx.execute(statement)}


def subjects(tx: Transaction, selection: SessionSelection) -> int:
    """Count the distinct subjects of sessions in any state. Those of different projects or kinds differ."""
    return _number(tx, prepared(_subjects, selection), selection)


def _subjects(selection: SessionSelection) -> Select[Any]:
    ended_key = [session.c[name] if selection.is_covered else _unindexed(name) for name in _SUBJECT_KEY]
    ended = _distinct_subjects(selection.ended, ended_key)
    live = _distinct_subjects(selection.live, [_unindexed(name) for name in _SUBJECT_KEY])
    same_subject = and_(*(session.c[name] == live.c[name] for name in _SUBJECT_KEY))
    has_ended_session = (
        select(literal(1)).select_from(session).where(selection.ended_in_index_order, same_subject).exists()
    )
    only_live = select(func.count()).select_from(live).where(~has_ended_session).scalar_subquery()
    return select(func.count() + only_live).select_from(ended)


def active_subjects(tx: Transaction, selection: SessionSelection) -> int:
    return _number(tx, prepared(_active_subjects, selection), selection)


def _active_subjects(selection: SessionSelection) -> Select[Any]:
    active = _distinct_subjects(selection.active, [_unindexed(name) for name in _SUBJECT_KEY])
    return select(func.count()).select_from(active)


_SUBJECT_KEY: Final = ("subject", "kind", "project_id")


def _distinct_subjects(condition: ColumnElement[bool], key: Sequence[ColumnElement[Any]]) -> Subquery:
    return select(*key).where(condition, key[0].is_not(None)).distinct().subquery()


def _unindexed(name: str) -> ColumnElement[Any]:
    """Return a column of live sessions. They are few: the order of an index would lead through the ended ones."""
    return no_index(session.c[name]).label(name)


# ---- durations ----


@dataclass(frozen=True, eq=False)
class DualColumn:
    """Value of a session: in ended sessions a column, in live ones an expression."""

    ended: ColumnElement[Any]
    live: ColumnElement[Any]


VISIBLE_MS: Final = DualColumn(session.c.final_visible_ms, session.c.visible_ms)
ELAPSED_MS: Final = DualColumn(session.c.final_elapsed_ms, elapsed_sql(NOW))


def summarize(tx: Transaction, selection: SessionSelection, duration: DualColumn) -> Summary:
    return combine_summaries(prepared(_summaries, selection, duration).rows(tx, **selection.parameters))


def _summaries(selection: SessionSelection, duration: DualColumn) -> Select[Any]:
    parts = union_all(_summary(duration.ended, selection.ended), _summary(duration.live, selection.live)).subquery()
    return select(*parts.c)


def _summary(duration: ColumnElement[Any], condition: ColumnElement[bool]) -> Select[Any]:
    columns = [func.count(), func.sum(duration), func.min(duration), func.max(duration)]
    return select(*columns).select_from(session).where(condition)


# ---- groups ----


@dataclass(frozen=True, eq=False)
class GroupKey(DualColumn):
    """Value to group by."""

    kind: Kind | None = None
    """The only kind whose sessions have a value."""
    indexed: bool = True
    """Whether a covering index of ended sessions holds the value."""
    source: FromClause = session


def _column_key(name: str, kind: Kind | None = None, **options: Any) -> GroupKey:
    return GroupKey(session.c[name], no_index(session.c[name]), kind, **options)


END_REASON: Final = GroupKey(session.c.end_reason, case((is_expired_sql(NOW), session.c.expiry_reason)))
"""Null until the session ends."""
KIND: Final = _column_key("kind")
PROJECT: Final = _column_key("project_id")
SUBJECT: Final = _column_key("subject")
_TRACK: Final = GroupKey(
    session_track.c.track,
    session_track.c.track,
    Kind.AGENDA,
    # From the sessions to their tracks, never the other way.
    source=session.join(session_track, session_track.c.session_id == no_index(session.c.id)),
)
GROUP_KEYS: Final[Mapping[str, GroupKey]] = {
    "CLIENT_SYSTEM": _column_key("client_system", Kind.CLIENT),
    "LANGUAGE": _column_key("language", Kind.CLIENT),
    "GUIDE": _column_key("guide", Kind.AGENDA),
    "SCHEDULE_TRACK": _TRACK,
    "MEDIA_ID": _column_key("media_id", Kind.MEDIA),
    "CHANNEL": _column_key("channel", Kind.MEDIA),
    "CONTENT_TYPE": _column_key("content_type", Kind.MEDIA),
    # Not in the index: it changes while the session lives.
    "PLAYER_STATE": _column_key("player_state", Kind.MEDIA, indexed=False),
    "UNIT_ID": _column_key("subject", Kind.FIELD),
    "USERNAME": _column_key("subject", Kind.USER),
}
"""By the names of the schema."""
_INDEXED_KINDS: Final[dict[Kind, ColumnElement[bool]]] = {
    Kind.CLIENT: session.c.client_system.is_not(None),
    Kind.AGENDA: session.c.guide.is_not(None),
    Kind.MEDIA: session.c.media_id.is_not(None),
}
"""Conditions of the indexes that hold the ended sessions of one kind. Every session of the kind fulfils them."""
_ORDERS: Final = ("TOTAL", "ACTIVE", "VISIBLE", "VISIBLE_SECONDS")


def groups(
    tx: Transaction, selection: SessionSelection, key: GroupKey, first: int | None, order_by: str = "TOTAL"
) -> list[GroupStats]:
    """Return the first groups of sessions with equal `key`, the largest first, ties by the key as text.

    Sessions whose key is null are in no group.
    """
    statement = prepared(_groups, selection, key, order_by, is_limited=first is not None)
    return [
        GroupStats(str(value), int(count), int(active), int(visible), int(visible_ms) / SECOND)
        for value, count, active, visible, visible_ms in statement.rows(tx, **selection.parameters, first=first)
    ]


def _groups(selection: SessionSelection, key: GroupKey, order_by: str, *, is_limited: bool) -> Select[Any]:
    both = union_all(_ended_groups(selection, key), _live_groups(selection, key)).subquery()
    sums = [func.sum(both.c[name]) for name in ("total", "active", "visible", "visible_ms")]
    return (
        select(both.c.group_key, *sums)
        .group_by(both.c.group_key)
        .order_by(sums[_ORDERS.index(order_by)].desc(), cast(both.c.group_key, Text))
        .limit(_FIRST if is_limited else None)
    )


def _ended_groups(selection: SessionSelection, key: GroupKey) -> Select[Any]:
    is_covered = key.indexed and selection.is_covered
    value = key.ended if is_covered else no_index(key.ended)
    columns = [
        value.label("group_key"),
        func.count().label("total"),
        literal(0).label("active"),
        literal(0).label("visible"),
        func.sum(session.c.final_visible_ms).label("visible_ms"),
    ]
    conditions: list[ColumnElement[bool]] = [value.is_not(None)]
    if not is_covered:
        conditions.append(selection.ended_in_table)
    elif key.kind is None:
        conditions.append(selection.ended)
    else:
        # The index of the kind, not those of projects and starts, which would read each row.
        conditions += [selection.ended_in_index_order, _INDEXED_KINDS.get(key.kind, true())]
    if key.kind is not None:
        conditions.append(no_index(session.c.kind) == key.kind.value)
    return select(*columns).select_from(key.source).where(*conditions).group_by("group_key")


def _live_groups(selection: SessionSelection, key: GroupKey) -> Select[Any]:
    is_active = in_state_sql(State.ACTIVE, selection.now)
    columns = [
        key.live.label("group_key"),
        func.count(),
        func.count().filter(is_active),
        func.count().filter(and_(is_active, session.c.visible)),
        func.sum(session.c.visible_ms),
    ]
    conditions: list[ColumnElement[bool]] = [selection.live, key.live.is_not(None)]
    if key.kind is not None:
        conditions.append(no_index(session.c.kind) == key.kind.value)
    return select(*columns).select_from(key.source).where(*conditions).group_by("group_key")


# ---- paths ----


def by_path(tx: Transaction, selection: SessionSelection, first: int, depth: int) -> list[PathStats]:
    """Return the paths, cut to `depth` segments, with the most sessions, ties by path.

    A session counts once on each path where it has visible time or is now.
    """
    rows = prepared(_paths, selection, depth).rows(tx, **selection.parameters, first=first)
    return [
        PathStats([part for part in path if part is not None], int(sessions), int(now_on), int(visible_ms) / SECOND)
        for sessions, now_on, visible_ms, *path in rows
    ]


def _paths(selection: SessionSelection, depth: int) -> Select[Any]:
    both = union_all(_ended_paths(selection, depth), _live_paths(selection, depth)).subquery()
    sums = [func.sum(both.c[name]) for name in ("sessions", "now_on", "visible_ms")]
    segments = [both.c[f"segment_{index}"] for index in range(depth)]
    return (
        select(*sums, *segments)
        .group_by(*segments)
        .order_by(sums[0].desc(), *(segment.asc().nulls_first() for segment in segments))
        .limit(_FIRST)
    )


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

_START, _END, _WIDTH = (bindparam(name, type_=BigInteger) for name in ("series_start", "series_end", "bucket_width"))


def series(tx: Transaction, selection: SessionSelection, buckets: Buckets) -> tuple[str, int]:
    """Return the events in the buckets for `count_buckets`, and how many sessions are active right before.

    A session is active from its start up to, not including, its effective end. A cancelled one, which ended before
    its start, was never active and never started, but it ended.
    """
    limits = {"series_start": buckets.start, "series_end": buckets.end, "bucket_width": buckets.width}
    ((text, count),) = prepared(_series, selection).rows(tx, **selection.parameters, **limits)
    return text, count


def _series(selection: SessionSelection) -> Select[Any]:
    # Ended sessions have an end. Two indexes hold both times and what filters need, in the order of one of them.
    by_end = _Intervals(selection.ended, no_index(session.c.started_at), session.c.ended_at, false())
    by_start = by_end
    if selection.session_filter.ended_columns <= COVERING_INDEX_COLUMNS - {"subject"}:
        in_order = selection.ended_in_index_order
        by_start = _Intervals(in_order, session.c.started_at, no_index(session.c.ended_at), false())
    expired_at = case((is_expired_sql(selection.now), session.c.expires_at))
    live = _Intervals(selection.live, session.c.started_at, expired_at, expired_at.is_(None))
    # SQLite merges the parts, each sorted by time, and of the same time takes those of an earlier part first. The
    # parts with the most rows stand last, where a row passes through the fewest merges.
    parts = [
        _bucket_starts(Mark.BUCKET),
        live.ends(),
        by_end.ends(),
        _bucket_starts(Mark.STARTS),
        live.starts(),
        by_start.starts(),
    ]
    events = union_all(*parts).order_by("at").subquery()
    return select(func.group_concat(events.c.mark, ""), live.open() + by_end.open())


def _bucket_starts(mark: Mark) -> Select[Any]:
    starts = select(_START.label("at")).cte(recursive=True)
    following = select(starts.c.at + _WIDTH).where(starts.c.at < _END - _WIDTH)
    return select(starts.union_all(following).c.at, literal(mark.value).label("mark"))


@dataclass(frozen=True)
class _Intervals:
    """Intervals from start to end of ended or live sessions, as columns."""

    condition: ColumnElement[bool]
    start: ColumnElement[Any]
    end: ColumnElement[Any]
    is_open: ColumnElement[bool]

    def open(self) -> ColumnElement[int]:
        """Count the sessions that are active right before the first bucket."""
        condition = and_(self.condition, self.start < _START, or_(self.is_open, self.end >= _START))
        return select(func.count()).select_from(session).where(condition).scalar_subquery()

    def starts(self) -> Select[Any]:
        mark = case((or_(self.is_open, self.end > self.start), Mark.START.value), else_=Mark.EMPTY_START.value)
        # The first condition on the end lets the index of ends narrow the rows; the last drops cancelled sessions.
        return select(self.start.label("at"), mark.label("mark")).where(
            self.condition,
            self.start >= _START,
            self.start < _END,
            or_(self.is_open, self.end >= _START),
            or_(self.is_open, self.end >= self.start),
        )

    def ends(self) -> Select[Any]:
        mark = case((self.end > self.start, Mark.END.value), else_=Mark.EMPTY_END.value)
        return select(self.end.label("at"), mark.label("mark")).where(
            self.condition, self.end >= _START, self.end < _END
        )
