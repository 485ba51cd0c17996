"""Prometheus metrics of sessions, feed, sweeper and database; docs/operations.md lists them."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from models.database import Database
from models.database.writer import HISTOGRAM_BUCKETS, CommitStats
from models.enums import ActivityType, EndReason, Kind
from models.errors import StorageUnavailable
from resolvers.feed.queries import head
from resolvers.lifecycle.sweeper import Sweeper
from resolvers.services import Services
from resolvers.stats.queries import active_by_kind

PREFIX: Final = "session_graph_"
FEED_LAG: Final = (
    "feed",
    f"{PREFIX}feed_lag_seconds",
    "Age of the oldest log entry that has not reached the groups of subscribers, in seconds.",
)
"""The lag of the log reader as a reason of overload, with its metric."""


class MetricsCollector(Collector):
    def __init__(self, services: Services, sweeper: Sweeper) -> None:
        self._services = services
        self._sweeper = sweeper
        self._active_by_kind: dict[str, int] = {}
        self._feed_lag = 0

    async def refresh(self) -> None:
        """Query the metrics that only the database knows; while it is unavailable they are left out."""
        try:
            moment = await self._services.liveness.moment()
            self._active_by_kind = await self._services.database.read(active_by_kind, moment.now)
            # None while there are no subscribers.
            position = self._services.log_reader.position
            self._feed_lag = 0 if position is None else await self._services.database.read(head) - position
        except StorageUnavailable:
            self._active_by_kind = {}

    def collect(self) -> Iterable[Metric]:
        active = _gauge("sessions_active", "Sessions that are active now.", labels=["kind"])
        for kind, count in self._active_by_kind.items():
            active.add_metric([kind], count)
        yield active
        yield from session_metrics(self._services.database.commit_stats)
        yield _gauge("feed_lag_entries", "Log entries that are not yet delivered to subscribers.", self._feed_lag)
        yield from sweeper_metrics(self._sweeper)
        yield from storage_metrics(self._services.database)


def session_metrics(commits: CommitStats) -> Iterator[Metric]:
    """Count starts and ends since the server started. Replaced and deleted sessions have not ended."""
    started = _counter("sessions_started", "Sessions that started since the server did.", labels=["kind"])
    ended = _counter("sessions_ended", "Sessions that ended since the server started.", labels=["kind", "reason"])
    for kind in Kind:
        started.add_metric([kind.value], commits.entries[kind.value, ActivityType.STARTED.value])
        for reason in EndReason:
            ended.add_metric([kind.value, reason.value], commits.entries[kind.value, reason.value])
    yield started
    yield ended


def sweeper_metrics(sweeper: Sweeper) -> Iterator[Metric]:
    yield _counter("sweeper_rounds", "Searches for sessions whose time has run out.", sweeper.rounds)
    yield _gauge(
        "sweeper_last_round_duration_seconds", "Duration of the last of these searches.", sweeper.last_round_seconds
    )


def storage_metrics(database: Database) -> Iterator[Metric]:
    commits = database.commit_stats
    yield commit_histogram(commits)
    yield _counter("database_commit_failures", "Transactions that failed and stored nothing.", commits.failures)
    yield _gauge("database_writes_waiting", "Calls that wait for the next transaction.", database.writes_waiting)
    yield _gauge("database_wal_bytes", "Size of the write-ahead log of the database.", database.wal_bytes)


def commit_histogram(commits: CommitStats) -> HistogramMetricFamily:
    counts = list(accumulate(commits.by_size))
    buckets = [(str(size), count) for size, count in zip(HISTOGRAM_BUCKETS, counts, strict=True)]
    return HistogramMetricFamily(
        f"{PREFIX}database_commit_calls",
        "Calls that were stored together in one transaction.",
        buckets=[*buckets, ("+Inf", counts[-1])],
        sum_value=commits.calls,
    )


def _counter(
    name: str, documentation: str, value: float | None = None, labels: list[str] | None = None
) -> CounterMetricFamily:
    return CounterMetricFamily(PREFIX + name, documentation, value, labels)


def _gauge(
    name: str, documentation: str, value: float | None = None, labels: list[str] | None = None
) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, documentation, value, labels)
