"""Subscription `sessionStats`: statistics of a filter, refreshed when the log grows and every 10 seconds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, ClassVar, Final, cast

from models.clock import SECOND, Instant
from models.enums import Scope
from resolvers.access import Caller, require
from resolvers.context import Context
from resolvers.feed.consumer import LogBatch, LogConsumer, Throttle
from resolvers.feed.messages import CaughtUp, FeedItem
from resolvers.filters import Filter
from resolvers.pagination.keyset import check_bounds
from resolvers.services import Services
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
    """Each item computes statistics lazily, once for all streams."""

    distinct: ClassVar[bool] = True
    resume_arguments: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, context: Context, filter: Mapping[str, Any], interval_ms: int) -> None:  # noqa: A002 - name of the argument in the schema
        fingerprint = Filter.parse(filter).fingerprint
        super().__init__(context, fingerprint, interval_ms)
        shared = self.log_reader.shared.get(self.key)
        if shared is None:
            compute = StatsFactory(self.services, self.caller, filter, (fingerprint, self.caller.project_ids))
            shared = self.log_reader.shared[self.key] = SharedStats(compute, self.caller, interval_ms / SECOND)
        self.shared: SharedStats = shared

    def consumer(self) -> "StatsConsumer":
        return StatsConsumer(self)

    async def open(self, after: str | None) -> AsyncIterator[FeedItem | CaughtUp]:  # noqa: ARG002 - nothing to resume
        now = await self.log_reader.now()
        item = self.shared.recent(now, self.log_reader.timers.time())
        yield item
        yield CaughtUp(item.sequence)


@dataclass(frozen=True, slots=True)
class StatsFactory:
    """Makes the statistics of one filter: one object per instant and log position, whatever the interval."""

    services: Services
    caller: Caller
    filter: Mapping[str, Any]
    key: Hashable

    def __call__(self, now: Instant, position: int | None = None) -> "SingleFlightStats":
        shared = self.services.log_reader.shared
        stats = shared.get((self.key, now, position))
        if stats is None:
            stats = SingleFlightStats(Stats(Context(self.services, self.caller, now), self.filter))
            shared[self.key, now, position] = stats
        return cast("SingleFlightStats", stats)


class SharedStats:
    """Statistics of one filter, refreshed at the same moments for all groups of streams that watch them.

    Groups differ in what they select. A statistic that several of them select is computed once.
    """

    def __init__(self, compute: StatsFactory, caller: Caller, interval_seconds: float) -> None:
        self._compute = compute
        self._caller = caller
        self._max_age = min(interval_seconds, MAX_STALENESS_SECONDS)
        self._throttle = Throttle(interval_seconds)
        self._groups = 0
        """Groups that watch; without any, changes of the log are not seen."""
        self._batch: LogBatch | None = None
        self._refreshed_at = 0.0
        self._has_changes = False
        """Whether the log has grown since."""
        self._recent: tuple[FeedItem, float] | None = None
        """Newest item, and when it was made; streams start with it while it is not too old."""
        self.refreshed: FeedItem | None = None
        """Item that all groups send."""

    def recent(self, now: Instant, time: float) -> FeedItem:
        """Return an item to start with: streams that start within an interval share it."""
        if self._recent is None or time >= self._recent[1] + self._max_age:
            self._recent = FeedItem(self._compute(now), next(_sequences)), time
        return self._recent[0]

    def join(self, time: float) -> None:
        if self._groups == 0:  # the log may have grown since the last group left
            self._recent = self.refreshed = None
            self._mark_refreshed(time)
        self._groups += 1

    def leave(self) -> None:
        self._groups -= 1

    def next_due(self) -> float:
        if self._has_changes:
            return self._throttle.next_at
        return max(self._throttle.next_at, self._refreshed_at + MAX_STALENESS_SECONDS)

    def observe(self, batch: LogBatch) -> None:
        """Refresh if that is due. Each group calls this with each batch."""
        if batch is self._batch:
            return
        self._batch = batch
        self._has_changes = self._has_changes or any(
            self._caller.can_access(entry.project_id) for entry in batch.entries
        )
        if batch.time >= self.next_due():
            self._mark_refreshed(batch.time)
            self.refreshed = FeedItem(self._compute(batch.now, batch.position), next(_sequences))
            self._recent = self.refreshed, batch.time

    def _mark_refreshed(self, time: float) -> None:
        self._refreshed_at, self._has_changes = time, False
        self._throttle.consume(time)


class StatsConsumer(LogConsumer):
    """Sends each refresh to one group; a group that is late skips to the newest."""

    def __init__(self, source: SessionStats) -> None:
        super().__init__(source.log_reader.wake)
        self._timers = source.log_reader.timers
        self._shared = source.shared
        self._sent: FeedItem | None = None
        self._is_ready = False
        self._has_joined = False

    async def seek(self) -> None:
        self._shared.join(self._timers.time())
        self._has_joined = True
        self._sent = self._shared.refreshed

    def close(self, error: Exception | None = None) -> None:
        if self._has_joined:
            self._shared.leave()
            self._has_joined = False
        super().close(error)

    def next_due(self) -> float:
        return self._shared.next_due()

    def prepare(self, time: float) -> tuple[()]:  # noqa: ARG002 - the shared statistics decide
        if self.queued:
            self.request_batch()
        self._is_ready = not self.queued
        return ()

    def produce(self, batch: LogBatch) -> None:
        self._shared.observe(batch)
        refreshed = self._shared.refreshed
        if self._is_ready and refreshed is not None and refreshed is not self._sent:
            self._sent = refreshed
            self.enqueue([refreshed])
        self._is_ready = False


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
