"""Prometheus metrics of sessions, log reader, sweeper and storage."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from models.database import Database
from models.database.writer import HISTOGRAM_BUCKETS, CommitStats
from models.errors import StorageUnavailable
from resolvers.feed.queries import head
from resolvers.lifecycle.sweeper import Sweeper
from resolvers.services import Services
from resolvers.stats.queries import active_by_kind


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
        active = GaugeMetricFamily("sessions_active", "Active sessions.", labels=["kind"])
        for kind, count in self._active_by_kind.items():
            active.add_metric([kind], count)
        lag = GaugeMetricFamily(
            "feed_lag_entries", "Log entries that are not yet delivered to subscribers.", self._feed_lag
        )
        return [active, lag, *sweeper_metrics(self._sweeper), *storage_metrics(self._services.database)]


def sweeper_metrics(sweeper: Sweeper) -> Iterator[Metric]:
    yield CounterMetricFamily("sweeper_rounds", "Sweeper rounds.", sweeper.rounds)
    yield CounterMetricFamily("sweeper_sessions_ended", "Sessions whose expiry was recorded.", sweeper.ended)
    yield GaugeMetricFamily(
        "sweeper_last_round_duration_seconds", "Duration of the last sweeper round.", sweeper.last_round_seconds
    )


def storage_metrics(database: Database) -> Iterator[Metric]:
    commits = database.commit_stats
    yield commit_histogram(commits)
    yield CounterMetricFamily("database_commit_failures", "Failed transactions.", commits.failures)
    yield GaugeMetricFamily("database_wal_bytes", "Size of the write-ahead log.", database.wal_bytes)


def commit_histogram(commits: CommitStats) -> HistogramMetricFamily:
    counts = list(accumulate(commits.by_size))
    buckets = [(str(size), count) for size, count in zip(HISTOGRAM_BUCKETS, counts, strict=True)]
    return HistogramMetricFamily(
        "database_commit_calls",
        "Calls in one transaction.",
        buckets=[*buckets, ("+Inf", counts[-1])],
        sum_value=commits.calls,
    )
