"""Time buckets of a series."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.clock import SECOND, Instant, to_rfc3339
from resolvers.errors import BadUserInput
from resolvers.stats.types import StatsBucket

MAX_BUCKETS: Final = 2000


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
        BadUserInput: there are none, or more than 2000.
    """
    if bucket_seconds < 1:
        raise BadUserInput(f"must be at least 1, not {bucket_seconds}", ("bucketSeconds",))
    if end <= start:
        raise BadUserInput(f"must be later than from {to_rfc3339(start)}, not {to_rfc3339(end)}", ("to",))
    width = bucket_seconds * SECOND
    count = -(-(end - start) // width)
    if count > MAX_BUCKETS:
        raise BadUserInput(f"must make at most {MAX_BUCKETS} buckets, not {count}", ("bucketSeconds",))
    return Buckets(start, width, count)


def accumulate(rows: Iterable[Sequence[Any]], buckets: Buckets) -> list[StatsBucket]:
    """Compute each bucket: active are those open before it that did not end by its first moment, and those starting.

    Args:
        rows: event ("open" before the first bucket, "start" or "end"), bucket, and three counts: sessions that were
            active at any moment, all, and of an end those of the first kind that end as the bucket begins.
    """
    sums: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for event, bucket, *counts in rows:  # at most two for each event and bucket: ended and live sessions
        sums[event, bucket] = [a + b for a, b in zip(sums[event, bucket], counts, strict=True)]
    active = sums["open", 0][0]
    result = []
    for index in range(buckets.count):
        starting, started, _ = sums["start", index]
        ending, ended, ended_at_start = sums["end", index]
        active += starting
        result.append(StatsBucket(buckets.start + index * buckets.width, active - ended_at_start, started, ended))
        active -= ending
    return result
