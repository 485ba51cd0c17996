"""Statistics that are worked out again when there is reason to."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, Final, NamedTuple

from models.clock import SECOND, Instant
from models.enums import Scope
from resolvers.access import require
from resolvers.context import Context
from resolvers.feed.batch import LogBatch
from resolvers.feed.consumer import LogConsumer
from resolvers.feed.messages import CaughtUp, FeedItem
from resolvers.feed.throttle import Throttle
from resolvers.filters import Filter
from resolvers.pagination.keyset import check_bounds
from resolvers.stats import Stats
from resolvers.subscriptions.shared_stats import SingleFlightStats
from resolvers.subscriptions.source import Source

MIN_INTERVAL_MS: Final = 1000
MAX_INTERVAL_MS: Final = 3_600_000
MAX_STALENESS_SECONDS: Final = 10.0
"""How long figures stand that may have changed without an entry in the log: much in them is about time."""


def session_stats(context: Context, *, filter: Mapping[str, Any], interval_ms: int) -> "SessionStats":  # noqa: A002 - the word of the schema
    """Subscribe to the statistics of the sessions that a filter names.

    Args:
        context: who asks.
        filter: as `resolvers.filters.Filter.parse` takes it.
        interval_ms: 1000 to 3,600,000; there are new figures at most once in so many milliseconds.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: the filter or the interval is not allowed.
    """
    require(context.caller, Scope.READ)
    return SessionStats(context, filter, check_bounds("intervalMs", interval_ms, MIN_INTERVAL_MS, MAX_INTERVAL_MS))


class SessionStats(Source):
    """The statistics of one filter. Each item is a way to work them out: when it is executed, for all its streams."""

    distinct: ClassVar[bool] = True
    resume_arguments: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, context: Context, filter: Mapping[str, Any], interval_ms: int) -> None:  # noqa: A002 - the word of the schema
        super().__init__(context, Filter.parse(filter).fingerprint, interval_ms)
        self._filter = filter
        self._interval_ms = interval_ms

    def consumer(self) -> "StatsConsumer":
        return StatsConsumer(self, self._interval_ms)

    async def open(self, after: str | None) -> AsyncIterator[FeedItem | CaughtUp]:  # noqa: ARG002 - it always begins with now
        now = await self.log_reader.now()
        # A crowd that begins at once is told the same figures, and all of it is told what changes after them.
        cached = self.log_reader.cached_stats.get(self.key)
        if cached is None or self.log_reader.timers.time() >= cached.time + min(
            self._interval_ms / SECOND, MAX_STALENESS_SECONDS
        ):
            cached = self.refresh(now)
        yield cached.item
        yield CaughtUp(cached.item.sequence)

    def refresh(self, now: Instant) -> "CachedStats":
        """The statistics as of `now`, each figure to be counted when it is first selected."""
        stats = SingleFlightStats(Stats(Context(self.services, self.caller, now), self._filter))
        # Whatever is told of later is worked out later than this.
        cached = CachedStats(FeedItem(stats, self.log_reader.next_sequence()), self.log_reader.timers.time())
        self.log_reader.cached_stats[self.key] = cached
        return cached


class CachedStats(NamedTuple):
    """The figures that were worked out last, for all streams of one meaning."""

    item: FeedItem
    time: float
    """When, by the timers."""


class StatsConsumer(LogConsumer):
    """A group that is told statistics."""

    def __init__(self, source: SessionStats, interval_ms: int) -> None:
        super().__init__(source.log_reader)
        self._source = source
        self._throttle = Throttle(interval_ms / SECOND)
        self._refreshed_at = 0.0
        self._has_changes = False
        """Whether the log says anything since then."""
        self._may_refresh = False

    async def seek(self) -> None:
        self._drop_cached()  # this group does not know what has changed since
        self._mark_refreshed(self.feed.timers.time())

    def close(self, error: Exception | None = None) -> None:
        self._drop_cached()
        super().close(error)

    def _drop_cached(self) -> None:
        self.feed.cached_stats.pop(self._source.key, None)

    def _mark_refreshed(self, time: float) -> None:
        self._refreshed_at, self._has_changes = time, False
        self._throttle.consume(time)

    def next_due(self) -> float:
        return (
            self._throttle.next_at
            if self._has_changes
            else max(self._throttle.next_at, self._refreshed_at + MAX_STALENESS_SECONDS)
        )

    def prepare(self, time: float) -> tuple[()]:
        if self.queued:
            self.request_batch()
        self._may_refresh = not self.queued and self._throttle.allows(time)
        return ()

    def produce(self, batch: LogBatch) -> None:
        self._has_changes = self._has_changes or any(
            self._source.caller.can_access(entry.project_id) for entry in batch.entries
        )
        if self._may_refresh and (self._has_changes or batch.time >= self._refreshed_at + MAX_STALENESS_SECONDS):
            self._mark_refreshed(batch.time)
            self.enqueue([self._source.refresh(batch.now).item])
        self._may_refresh = False
