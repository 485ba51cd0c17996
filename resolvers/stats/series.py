"""Time buckets of a series, and what happens in each."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final

from models.clock import SECOND, Instant, to_rfc3339
from resolvers.errors import BadUserInput
from resolvers.pagination.keyset import check_bounds
from resolvers.stats.types import StatsBucket

MAX_BUCKETS: Final = 2000
MAX_BUCKET_SECONDS: Final = 366 * 24 * 3600
"""2000 buckets of this width reach back no further than the year 1, where instants begin."""
_SLICE: Final = 8192
"""Events that are added up at a time, without releasing the interpreter."""


class Mark(StrEnum):
    """What happens at one moment: one character each, so that a million events are a short text."""

    BUCKET = "|"
    """A bucket begins; the ends that follow happen at this very moment."""
    STARTS = "/"
    """The first starts of the bucket may follow."""
    START = "+"
    END = "-"
    EMPTY_START = "o"
    """Start of a session that ends at the same moment: it is active at none."""
    EMPTY_END = "x"
    """End of a session that was active at no moment, such as a cancelled one."""


_DELTAS: Final = tuple({ord(Mark.START): 1, ord(Mark.END): -1}.get(code, 0) for code in range(128))


@dataclass(frozen=True, slots=True)
class Buckets:
    """`count` buckets of `width` milliseconds."""

    start: Instant
    width: int
    count: int

    @property
    def end(self) -> Instant:
        return self.start + self.count * self.width


def make_buckets(start: Instant, end: Instant, bucket_seconds: int) -> Buckets:
    """Return the buckets that begin from `start` on and before `end`, the last one whole.

    Raises:
        BadUserInput: there are none, or more than 2000, or their width is out of bounds.
    """
    width = check_bounds("bucketSeconds", bucket_seconds, 1, MAX_BUCKET_SECONDS) * SECOND
    if end <= start:
        raise BadUserInput(f"must be later than from {to_rfc3339(start)}, not {to_rfc3339(end)}", ("to",))
    count = -(-(end - start) // width)
    if count > MAX_BUCKETS:
        raise BadUserInput(f"must make at most {MAX_BUCKETS} buckets, not {count}", ("bucketSeconds",))
    return Buckets(start, width, count)


def recent_buckets(now: Instant, count: int, bucket_seconds: int) -> Buckets:
    """Return the last `count` buckets, aligned to multiples of their width since 1970; the last one holds `now`.

    Raises:
        BadUserInput: an argument is out of bounds.
    """
    check_bounds("buckets", count, 1, MAX_BUCKETS)
    width = check_bounds("bucketSeconds", bucket_seconds, 1, MAX_BUCKET_SECONDS) * SECOND
    return Buckets((now // width - count + 1) * width, width, count)


def count_buckets(events: str, active: int, buckets: Buckets) -> Iterator[StatsBucket]:
    """Compute the buckets.

    Args:
        events: a mark for each event, in order of time; at one moment `BUCKET`, ends, `STARTS`, starts.
        active: number of sessions that are active right before the first bucket.
        buckets: the buckets that the events belong to.
    """
    for index, bucket in enumerate(events.split(Mark.BUCKET)[1:]):
        leaving, rest = bucket.split(Mark.STARTS)
        active -= leaving.count(Mark.END)
        starts, ends = rest.count(Mark.START), rest.count(Mark.END)
        yield StatsBucket(
            at=buckets.start + index * buckets.width,
            active=active + starts,
            peak=active + (_highest_sum(rest) if ends else starts),
            started=starts + rest.count(Mark.EMPTY_START),
            ended=bucket.count(Mark.END) + bucket.count(Mark.EMPTY_END),
        )
        active += starts - ends


def _highest_sum(events: str) -> int:
    """Return how far the number of active sessions rises at most above the first one."""
    highest = last = 0
    for start in range(0, len(events), _SLICE):
        deltas = map(_DELTAS.__getitem__, events[start : start + _SLICE].encode())
        sums = list(accumulate(deltas, initial=last))
        highest, last = max(highest, *sums), sums[-1]
    return highest
