"""Sessions in time: how many go on, start and end in each of many equal spans, with one statement."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select, union_all
from sqlalchemy.engine import Connection

from models.clock import SECOND, Instant
from models.dialect import unindexed
from models.session_rules import has_lapsed_sql
from models.tables import session
from resolvers.errors import BadUserInput
from resolvers.sessions.live_and_ended import Halves
from resolvers.stats.types import StatBucket

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


def series(tx: Connection, halves: Halves, spans: Grid) -> list[StatBucket]:
    """Each bucket, with the sessions going on at any moment of it, and those starting and ending in it.

    A session goes on from its start to its effective end, that moment not included; without an end as yet, for
    ever. What ended before it began (CANCELLED) never started and never went on, but ended.
    """
    now = halves.now
    # Where the end is written there is one, and the index of ends leads.
    past = _Lives(halves.past, unindexed(session.c.started_at), session.c.ended_at, false())
    lapsed = case((has_lapsed_sql(now), session.c.expires_at))
    present = _Lives(halves.present, session.c.started_at, lapsed, lapsed.is_(None))
    return _running(tx.execute(union_all(*past.events(spans), *present.events(spans))).all(), spans)


@dataclass(frozen=True)
class _Lives:
    """The lives of one half of the sessions: from when to when they last, or that there is no end as yet."""

    condition: ColumnElement[bool]
    start: ColumnElement[Any]
    end: ColumnElement[Any]
    endless: ColumnElement[bool]

    def events(self, spans: Grid) -> list[Select[Any]]:
        """What happens before the first bucket and in each: rows of a word, a bucket and three numbers."""
        return [self._open(spans), self._starts(spans), self._ends(spans)]

    def _open(self, spans: Grid) -> Select[Any]:
        """How many go on when the first bucket begins, or end at that moment."""
        figures: list[ColumnElement[Any]] = [literal("open"), literal(0), func.count(), literal(0), literal(0)]
        return select(*figures).where(self.condition, self.start < spans.start, self._ends_from(spans.start))

    def _starts(self, spans: Grid) -> Select[Any]:
        """How many begin to go on, and how many start, if only for that moment."""
        bucket = ((self.start - spans.start) // spans.width).label("bucket")
        within = and_(self.start >= spans.start, self.start < spans.end)
        return (
            select(literal("start"), bucket, func.count().filter(self._lives()), func.count(), literal(0))
            # The last condition leaves out what never started; the one before it is for the index of ends.
            .where(self.condition, within, self._ends_from(spans.start), self._ends_from(self.start))
            .group_by("bucket")
        )

    def _ends(self, spans: Grid) -> Select[Any]:
        """How many go on no more, how many end, and how many of the first kind do so as the bucket begins."""
        since = self.end - spans.start
        at_once = and_(self._lives(), since % spans.width == 0)
        return (
            select(
                literal("end"),
                (since // spans.width).label("bucket"),
                func.count().filter(self._lives()),
                func.count(),
                func.count().filter(at_once),
            )
            .where(self.condition, self.end >= spans.start, self.end < spans.end)
            .group_by("bucket")
        )

    def _lives(self) -> ColumnElement[bool]:
        """Whether it goes on at any moment."""
        return or_(self.endless, self.end > self.start)

    def _ends_from(self, moment: ColumnElement[Any] | Instant) -> ColumnElement[bool]:
        return or_(self.endless, self.end >= moment)


def _running(rows: Sequence[Any], spans: Grid) -> list[StatBucket]:
    """Going on in a bucket is what was before it and did not end by its first moment, and what starts in it."""
    going = sum(figures[0] for what, _, *figures in rows if what == "open")
    starts, ends = _by_bucket(rows, "start"), _by_bucket(rows, "end")
    buckets = []
    for index in range(spans.count):
        starting, started, _ = starts[index]
        ending, ended, at_once = ends[index]
        going += starting
        buckets.append(StatBucket(spans.start + index * spans.width, going - at_once, started, ended))
        going -= ending
    return buckets


def _by_bucket(rows: Sequence[Any], wanted: str) -> defaultdict[int, tuple[int, int, int]]:
    """The figures of one word, those of both halves of the sessions summed."""
    sums: defaultdict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for what, bucket, *figures in rows:
        if what == wanted:
            one, two, three = sums[bucket]
            sums[bucket] = (one + figures[0], two + figures[1], three + figures[2])
    return sums
