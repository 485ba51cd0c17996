"""Sessions in time: how many go on, start and end in each of many equal spans, with one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, union_all
from sqlalchemy.engine import Connection

from models.clock import SECOND, Instant
from models.rule import effective_end_sql, has_lapsed_sql
from models.tables import session
from resolvers.errors import BadUserInput
from resolvers.stats.figures import StatBucket

MAX_BUCKETS: Final = 2000


@dataclass(frozen=True, slots=True)
class Grid:
    """`count` spans of `width` milliseconds, the first of which begins at `start`."""

    start: Instant
    width: int
    count: int

    @property
    def end(self) -> Instant:
        """Where the last span ends."""
        return self.start + self.count * self.width


def grid(start: Instant, end: Instant, bucket_seconds: int) -> Grid:
    """The buckets that begin at `start` and before `end`; each is whole, also the last.

    Raises:
        BadUserInput: they are none, or more than 2000.
    """
    if bucket_seconds < 1:
        raise BadUserInput(f"bucketSeconds must be at least 1, not {bucket_seconds}")
    if end <= start:
        raise BadUserInput("to must be later than from")
    width = bucket_seconds * SECOND
    count = -(-(end - start) // width)
    if count > MAX_BUCKETS:
        raise BadUserInput(f"from, to and bucketSeconds make {count} buckets; at most {MAX_BUCKETS} are allowed")
    return Grid(start, width, count)


def series(tx: Connection, matching: ColumnElement[bool], now: Instant, spans: Grid) -> list[StatBucket]:
    """Each bucket, with the sessions going on at any moment of it, and those starting and ending in it.

    A session goes on from its start to its effective end, that moment not included; without an end as yet, for
    ever. What ended before it began (CANCELLED) never started and never went on, but ended.
    """
    statement = union_all(
        _open_at_start(matching, now, spans),
        _starts(matching, now, spans),
        _ends(matching, now, spans),
    )
    return _running(tx.execute(statement).all(), spans)


def _lives(now: Instant) -> ColumnElement[bool]:
    """Whether it goes on at any moment."""
    end = effective_end_sql(now)
    return or_(end.is_(None), end > session.c.started_at)


def _open_at_start(matching: ColumnElement[bool], now: Instant, spans: Grid) -> Any:
    end = effective_end_sql(now)
    still = or_(end.is_(None), end >= spans.start)
    return select(literal("open"), literal(0), func.count(), literal(0), literal(0)).where(
        matching, session.c.started_at < spans.start, still, _lives(now)
    )


def _starts(matching: ColumnElement[bool], now: Instant, spans: Grid) -> Any:
    end = effective_end_sql(now)
    bucket = ((session.c.started_at - spans.start) // spans.width).label("bucket")
    began = or_(end.is_(None), end >= session.c.started_at)
    return (
        select(literal("start"), bucket, func.count().filter(_lives(now)), func.count().filter(began), literal(0))
        .where(matching, session.c.started_at >= spans.start, session.c.started_at < spans.end)
        .group_by("bucket")
    )


def _ends(matching: ColumnElement[bool], now: Instant, spans: Grid) -> Any:
    since = effective_end_sql(now) - spans.start
    at_once = and_(_lives(now), since % spans.width == 0)
    # Each column by itself, so that the index of each serves.
    within = or_(
        and_(session.c.ended_at >= spans.start, session.c.ended_at < spans.end),
        and_(has_lapsed_sql(now), session.c.expires_at >= spans.start, session.c.expires_at < spans.end),
    )
    return (
        select(
            literal("end"),
            (since // spans.width).label("bucket"),
            func.count().filter(_lives(now)),
            func.count(),
            func.count().filter(at_once),
        )
        .where(matching, within)
        .group_by("bucket")
    )


def _running(rows: Sequence[Any], spans: Grid) -> list[StatBucket]:
    """Going on in a bucket is what was before it and did not end by its first moment, and what starts in it."""
    starts = {bucket: figures for what, bucket, *figures in rows if what == "start"}
    ends = {bucket: figures for what, bucket, *figures in rows if what == "end"}
    going = sum(figures[0] for what, _, *figures in rows if what == "open")
    buckets = []
    for index in range(spans.count):
        starting, started, _ = starts.get(index, (0, 0, 0))
        ending, ended, at_once = ends.get(index, (0, 0, 0))
        going += starting
        buckets.append(StatBucket(spans.start + index * spans.width, going - at_once, started, ended))
        going -= ending
    return buckets
