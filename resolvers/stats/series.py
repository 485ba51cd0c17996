"""Sessions in time: how many go on, start and end in each of many equal spans, with one statement."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select, union_all
from sqlalchemy.engine import Connection

from models.clock import SECOND, Instant
from models.dialect import no_index
from models.session_rules import is_expired_sql
from models.tables import session
from resolvers.errors import BadUserInput
from resolvers.sessions.queries import SessionSelection
from resolvers.stats.types import StatBucket

MAX_BUCKETS: Final = 2000


@dataclass(frozen=True, slots=True)
class Buckets:
    """`count` spans of `width` milliseconds, the first of which begins at `start`."""

    start: Instant
    width: int
    count: int

    @property
    def end(self) -> Instant:
        """Where the last span ends."""
        return self.start + self.count * self.width


def make_buckets(start: Instant, end: Instant, bucket_seconds: int) -> Buckets:
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
    return Buckets(start, width, count)


def series(tx: Connection, selection: SessionSelection, buckets: Buckets) -> list[StatBucket]:
    """Each bucket, with the sessions going on at any moment of it, and those starting and ending in it.

    A session goes on from its start to its effective end, that moment not included; without an end as yet, for
    ever. What ended before it began (CANCELLED) never started and never went on, but ended.
    """
    now = selection.now
    # Where the end is written there is one, and the index of ends leads.
    ended = _Intervals(selection.ended, no_index(session.c.started_at), session.c.ended_at, false())
    expired_at = case((is_expired_sql(now), session.c.expires_at))
    live = _Intervals(selection.live, session.c.started_at, expired_at, expired_at.is_(None))
    return _accumulate(tx.execute(union_all(*ended.events(buckets), *live.events(buckets))).all(), buckets)


@dataclass(frozen=True)
class _Intervals:
    """The lives of one half of the sessions: from when to when they last, or that there is no end as yet."""

    condition: ColumnElement[bool]
    start: ColumnElement[Any]
    end: ColumnElement[Any]
    is_open: ColumnElement[bool]

    def events(self, buckets: Buckets) -> list[Select[Any]]:
        """What happens before the first bucket and in each: rows of a word, a bucket and three numbers."""
        return [self._count_open(buckets), self._count_starts(buckets), self._count_ends(buckets)]

    def _count_open(self, buckets: Buckets) -> Select[Any]:
        """How many go on when the first bucket begins, or end at that moment."""
        columns: list[ColumnElement[Any]] = [literal("open"), literal(0), func.count(), literal(0), literal(0)]
        return select(*columns).where(self.condition, self.start < buckets.start, self._ends_not_before(buckets.start))

    def _count_starts(self, buckets: Buckets) -> Select[Any]:
        """How many begin to go on, and how many start, if only for that moment."""
        bucket = ((self.start - buckets.start) // buckets.width).label("bucket")
        within = and_(self.start >= buckets.start, self.start < buckets.end)
        return (
            select(literal("start"), bucket, func.count().filter(self._is_nonempty()), func.count(), literal(0))
            # The last condition leaves out what never started; the one before it is for the index of ends.
            .where(self.condition, within, self._ends_not_before(buckets.start), self._ends_not_before(self.start))
            .group_by("bucket")
        )

    def _count_ends(self, buckets: Buckets) -> Select[Any]:
        """How many go on no more, how many end, and how many of the first kind do so as the bucket begins."""
        since = self.end - buckets.start
        ends_at_start = and_(self._is_nonempty(), since % buckets.width == 0)
        return (
            select(
                literal("end"),
                (since // buckets.width).label("bucket"),
                func.count().filter(self._is_nonempty()),
                func.count(),
                func.count().filter(ends_at_start),
            )
            .where(self.condition, self.end >= buckets.start, self.end < buckets.end)
            .group_by("bucket")
        )

    def _is_nonempty(self) -> ColumnElement[bool]:
        """Whether it goes on at any moment."""
        return or_(self.is_open, self.end > self.start)

    def _ends_not_before(self, moment: ColumnElement[Any] | Instant) -> ColumnElement[bool]:
        return or_(self.is_open, self.end >= moment)


def _accumulate(rows: Sequence[Any], buckets: Buckets) -> list[StatBucket]:
    """Going on in a bucket is what was before it and did not end by its first moment, and what starts in it."""
    active = sum(counts[0] for event, _, *counts in rows if event == "open")
    starts, ends = _by_bucket(rows, "start"), _by_bucket(rows, "end")
    result = []
    for index in range(buckets.count):
        starting, started, _ = starts[index]
        ending, ended, ended_at_start = ends[index]
        active += starting
        result.append(StatBucket(buckets.start + index * buckets.width, active - ended_at_start, started, ended))
        active -= ending
    return result


def _by_bucket(rows: Sequence[Any], event_type: str) -> defaultdict[int, tuple[int, int, int]]:
    """The figures of one word, those of both halves of the sessions summed."""
    sums: defaultdict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for event, bucket, *counts in rows:
        if event == event_type:
            one, two, three = sums[bucket]
            sums[bucket] = (one + counts[0], two + counts[1], three + counts[2])
    return sums
