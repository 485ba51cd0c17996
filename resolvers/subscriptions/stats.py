"""Subscription `sessionStats`: statistics of a filter, refreshed when the log grows and every 10 seconds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, ClassVar, Final

from models.clock import SECOND, Instant
from models.enums import Scope
from resolvers.access import require
from resolvers.context import Context
from resolvers.feed.consumer import LogBatch, LogConsumer, Throttle
from resolvers.feed.messages import CachedItem, CaughtUp, FeedItem
from resolvers.filters import Filter
from resolvers.pagination.keyset import check_bounds
from resolvers.stats.service import Stats
from resolvers.subscriptions.source import Source

MIN_INTERVAL_MS: Final = 1000
MAX_INTERVAL_MS: Final = 3_600_000
MAX_STALENESS_SECONDS: Final = 10.0
"""Statistics depend on the time as well, so they are refreshed even if the log does not grow."""

_sequences = count(1)
"""Statistics have no position in the log."""


def session_stats(context: Context, *, filter: Mapping[str, Any], interval_ms: int) -> "SessionStats":  # noqa: A002 - name of the argument in the schema
    """Subscribe to the statistics of a filter.

    Args:
        filter: see `Filter.parse`.
        interval_ms: shortest interval between two refreshes, 1000 to 3,600,000.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: the filter or the interval is not allowed.
    """
    require(context.caller, Scope.READ)
    return SessionStats(context, filter, check_bounds("intervalMs", interval_ms, MIN_INTERVAL_MS, MAX_INTERVAL_MS))


class SessionStats(Source):
    """Each item computes statistics lazily, once for all streams of the group."""

    distinct: ClassVar[bool] = True
    resume_arguments: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, context: Context, filter: Mapping[str, Any], interval_ms: int) -> None:  # noqa: A002 - name of the argument in the schema
        super().__init__(context, Filter.parse(filter).fingerprint, interval_ms)
        self._filter = filter
        self._interval_ms = interval_ms

    def consumer(self) -> "StatsConsumer":
        return StatsConsumer(self, self._interval_ms)

    async def open(self, after: str | None) -> AsyncIterator[FeedItem | CaughtUp]:  # noqa: ARG002 - nothing to resume
        now = await self.log_reader.now()
        # Streams that start together share one item; all of them get the refreshes that follow it.
        cached = self.log_reader.cached_items.get(self.key)
        max_age = min(self._interval_ms / SECOND, MAX_STALENESS_SECONDS)
        if cached is None or self.log_reader.timers.time() >= cached.time + max_age:
            cached = self.refresh(now)
        yield cached.item
        yield CaughtUp(cached.item.sequence)

    def refresh(self, now: Instant) -> CachedItem:
        """Create and cache the item with the statistics as of `now`."""
        stats = SingleFlightStats(Stats(Context(self.services, self.caller, now), self._filter))
        cached = CachedItem(FeedItem(stats, next(_sequences)), self.log_reader.timers.time())
        self.log_reader.cached_items[self.key] = cached
        return cached


class StatsConsumer(LogConsumer):
    def __init__(self, source: SessionStats, interval_ms: int) -> None:
        super().__init__(source.log_reader.wake)
        self._source = source
        self._throttle = Throttle(interval_ms / SECOND)
        self._refreshed_at = 0.0
        self._has_changes = False
        """Whether the log has grown since."""
        self._may_refresh = False

    async def seek(self) -> None:
        self._drop_cached()  # from a previous group; the log may have grown since
        self._mark_refreshed(self._source.log_reader.timers.time())

    def close(self, error: Exception | None = None) -> None:
        self._drop_cached()
        super().close(error)

    def next_due(self) -> float:
        if self._has_changes:
            return self._throttle.next_at
        return max(self._throttle.next_at, self._refreshed_at + MAX_STALENESS_SECONDS)

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

    def _mark_refreshed(self, time: float) -> None:
        self._refreshed_at, self._has_changes = time, False
        self._throttle.consume(time)

    def _drop_cached(self) -> None:
        self._source.log_reader.cached_items.pop(self._source.key, None)


@dataclass(slots=True)
class _Flight:
    task: "asyncio.Task[Any]"
    waiters: int = 0


class SingleFlightStats:
    """Has the methods of `Stats`, each computed once for equal arguments.

    A computation is cancelled when all its waiters are. One that fails is tried again.
    """

    def __init__(self, stats: Stats) -> None:
        self._stats = stats
        self._flights: dict[Hashable, _Flight] = {}

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        return partial(self._join_flight, getattr(self._stats, name))

    async def _join_flight(self, compute: Callable[..., Any], *args: Hashable, **kwargs: Hashable) -> Any:
        key = (compute.__name__, args, frozenset(kwargs.items()))
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(compute(*args, **kwargs)))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        except BaseException:
            if flight.waiters == 1:  # the last waiter: the others were cancelled, or have seen the failure
                flight.task.cancel()
                if self._flights.get(key) is flight:
                    del self._flights[key]
            raise
        finally:
            flight.waiters -= 1
