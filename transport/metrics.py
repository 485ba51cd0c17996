"""Metrics for Prometheus: `GET /metrics`. Each `Metrics` has a registry of its own; nothing is global."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from transport.documents.operation import Operation
from transport.errors import Code

DURATION_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Label values. Codes of resolvers count as "OTHER": the number of labels must be bounded.
KNOWN_OUTCOMES: Final = frozenset({"ok", "gone", *Code})

BeforeScrape = Callable[[], Awaitable[None]]


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._operations = Counter(
            "graphql_operations", "Finished operations.", ["type", "outcome"], registry=self.registry
        )
        self._durations = Histogram(
            "graphql_operation_duration_seconds",
            "Duration of operations, from request to response.",
            ["type"],
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )
        self._refusals = Counter(
            "graphql_refused",
            "Operations refused by an overloaded server: by class (any: before it was known), and by what is late.",
            ["class", "reason"],
            registry=self.registry,
        )
        # Label lookups in prometheus_client cost more than the increment itself.
        self._labelled: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self._before_scrape: list[BeforeScrape] = []

    def observe_operation(self, operation: Operation | None, outcome: str | list[str], seconds: float) -> None:
        """Count an operation by its outcome: "ok", "gone", or the first of its error codes."""
        type_ = operation.type.value if operation else "none"
        code = outcome if isinstance(outcome, str) else outcome[0]
        key = (type_, code if code in KNOWN_OUTCOMES else "OTHER")
        if key not in self._labelled:
            self._labelled[key] = self._operations.labels(*key), self._durations.labels(type_)
        counter, histogram = self._labelled[key]
        counter.inc()
        histogram.observe(seconds)

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
