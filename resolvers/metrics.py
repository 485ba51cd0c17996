"""What Prometheus is shown of sessions, sweeper and storage."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from models.database import Database
from models.database.writer import HISTOGRAM_BUCKETS, CommitStats
from models.errors import StorageUnavailable
from resolvers.context import Services
from resolvers.feed.queries import head
from resolvers.lifecycle import Sweeper
from resolvers.stats.aggregates import active_by_kind


class MetricsCollector(Collector):
    """The figures at the moment somebody looks."""

    def __init__(self, services: Services, sweeper: Sweeper) -> None:
        self._services = services
        self._sweeper = sweeper
        self._active_by_kind: dict[str, int] = {}
        self._feed_lag = 0

    async def refresh(self) -> None:
        """Count what only the database knows; nothing is shown of it while that cannot be read."""
        try:
            moment = await self._services.liveness.moment()
            self._active_by_kind = await self._services.database.read(active_by_kind, moment.now)
            position = self._services.log_reader.position
            self._feed_lag = 0 if position is None else await self._services.database.read(head) - position
        except StorageUnavailable:
            self._active_by_kind = {}

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        active = GaugeMetricFamily("sessions_active", "Sessions that are going on.", labels=["kind"])
        for kind, count in self._active_by_kind.items():
            active.add_metric([kind], count)
        lag = GaugeMetricFamily(
            "feed_lag_entries", "Entries of the log that subscribers were not told yet.", self._feed_lag
        )
        return [active, lag, *sweeper_metrics(self._sweeper), *storage_metrics(self._services.database)]


def sweeper_metrics(sweeper: Sweeper) -> Iterator[Metric]:
    """How the sweeper fares."""
    yield CounterMetricFamily("sweeper_rounds", "Rounds of the sweeper.", sweeper.rounds)
    yield CounterMetricFamily("sweeper_sessions_ended", "Sessions whose end by time was written.", sweeper.ended)
    yield GaugeMetricFamily(
        "sweeper_last_round_duration_seconds", "How long the last round took.", sweeper.last_round_seconds
    )


def storage_metrics(database: Database) -> Iterator[Metric]:
    """How the storage fares."""
    commits = database.commit_stats
    yield commit_histogram(commits)
    yield CounterMetricFamily("database_commit_failures", "Transactions that the storage refused.", commits.failures)
    yield GaugeMetricFamily("database_wal_bytes", "Length of the write-ahead log.", database.wal_bytes)


def commit_histogram(commits: CommitStats) -> HistogramMetricFamily:
    """The sizes of the transactions; their count is how many there were."""
    counts = list(accumulate(commits.by_size))
    buckets = [(str(size), count) for size, count in zip(HISTOGRAM_BUCKETS, counts, strict=True)]
    return HistogramMetricFamily(
        "database_commit_calls",
        "Calls that shared a transaction.",
        buckets=[*buckets, ("+Inf", counts[-1])],
        sum_value=commits.calls,
    )
