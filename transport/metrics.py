"""Metrics for Prometheus: `GET /metrics`. Each `Metrics` has a registry of its own; nothing is global."""

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from time import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.requests import Request
from starlette.responses import Response

from transport.documents.operation import Operation
from transport.errors import Code

DURATION_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Label values. Codes of resolvers count as "OTHER": the number of labels must be bounded.
KNOWN_OUTCOMES: Final = frozenset({"ok", "gone", *Code})

BeforeScrape = Callable[[], Awaitable[None]]


class OperationCollector(Collector):
    """Counts and durations of operations, as plain numbers that are read on scrape.

    prometheus_client's counters take a lock for each increment, and its histograms a search through all buckets.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        """By type and outcome."""
        self._buckets: dict[str, list[int]] = {}
        """By type, how many operations were as short as each bucket allows, and not as the one before."""
        self._seconds: dict[str, float] = {}
        """By type, of all operations."""
        self._created: dict[Hashable, float] = {}
        """When the first operation of a type, or of a type and outcome, ended."""

    def observe(self, type_: str, outcome: str, seconds: float) -> None:
        key = (type_, outcome)
        if key not in self._counts:
            self._add(type_, key)
        self._counts[key] += 1
        self._buckets[type_][bisect_left(DURATION_BUCKETS, seconds)] += 1
        self._seconds[type_] += seconds

    def _add(self, type_: str, key: tuple[str, str]) -> None:
        self._counts[key] = 0
        self._created[key] = time()
        if type_ not in self._buckets:
            self._buckets[type_] = [0] * (len(DURATION_BUCKETS) + 1)
            self._seconds[type_] = 0.0
            self._created[type_] = time()

    def collect(self) -> Iterator[Metric]:
        counts = CounterMetricFamily("graphql_operations", "Finished operations.", labels=["type", "outcome"])
        for key, count in self._counts.items():
            counts.add_metric(key, count, created=self._created[key])
        yield counts
        name = "graphql_operation_duration_seconds"
        durations = HistogramMetricFamily(name, "Duration of operations, from request to response.", labels=["type"])
        for type_, buckets in self._buckets.items():
            bounds = (*map(floatToGoString, DURATION_BUCKETS), "+Inf")
            cumulative = [(bound, float(count)) for bound, count in zip(bounds, accumulate(buckets), strict=True)]
            durations.add_metric([type_], cumulative, self._seconds[type_])
            durations.add_sample(f"{name}_created", {"type": type_}, self._created[type_])
        yield durations


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._operations = OperationCollector()
        self.registry.register(self._operations)
        self._refusals = Counter(
            "graphql_refused",
            "Operations refused by an overloaded server: by class (any: before it was known), and by what is late.",
            ["class", "reason"],
            registry=self.registry,
        )
        self._before_scrape: list[BeforeScrape] = []

    def observe_operation(self, operation: Operation | None, outcome: str | list[str], seconds: float) -> None:
        """Count an operation by its outcome: "ok", "gone", or the first of its error codes."""
        code = outcome if isinstance(outcome, str) else outcome[0]
        known = code if code in KNOWN_OUTCOMES else "OTHER"
        self._operations.observe(operation.type_name if operation else "none", known, seconds)

    def count_refusal(self, work: str, reason: str) -> None:
        self._refusals.labels(work, reason).inc()

    def add_gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """Add a gauge whose value `read` returns."""
        Gauge(name, documentation, registry=self.registry).set_function(read)

    @contextmanager
    def registered(self, collector: Collector, before_scrape: BeforeScrape) -> Iterator[None]:
        """Expose a collector while the context lasts. `before_scrape` runs before each scrape; it must not raise."""
        self.registry.register(collector)
        self._before_scrape.append(before_scrape)
        try:
            yield
        finally:
            self._before_scrape.remove(before_scrape)
            self.registry.unregister(collector)

    async def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        for before_scrape in self._before_scrape:
            await before_scrape()
        return generate_latest(self.registry)

    async def endpoint(self, _: Request) -> Response:
        """Serve a scrape: `Route("/metrics", metrics.endpoint)`."""
        return Response(await self.render(), media_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"cache-control": "no-store"})
