"""What the server counts of itself, for Prometheus: `GET /metrics`.

Nothing here is global: each `Metrics` has a registry of its own. What the transport does is counted here; others hand
in functions that are asked whenever somebody looks.
"""

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
KNOWN_OUTCOMES: Final = frozenset({"ok", "gone", *Code})
"""Codes that resolvers make up count as one: labels must be few."""

BeforeScrape = Callable[[], Awaitable[None]]


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._operations = Counter(
            "graphql_operations", "Operations that are over.", ["type", "outcome"], registry=self.registry
        )
        self._durations = Histogram(
            "graphql_operation_duration_seconds",
            "How long operations took, from the request to the answer.",
            ["type"],
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )
        # Looking a child up by its labels costs more than counting.
        self._counters: dict[tuple[str, str], Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._before_scrape: list[BeforeScrape] = []

    def observe_operation(self, operation: Operation | None, outcome: str | list[str], seconds: float) -> None:
        """Count an operation: its outcome is "ok", "gone", or the codes of its errors, of which the first counts."""
        type_ = operation.type.value if operation else "none"
        code = outcome if isinstance(outcome, str) else outcome[0]
        key = (type_, code if code in KNOWN_OUTCOMES else "OTHER")
        if (counter := self._counters.get(key)) is None:
            counter = self._counters[key] = self._operations.labels(*key)
        counter.inc()
        if (histogram := self._histograms.get(type_)) is None:
            histogram = self._histograms[type_] = self._durations.labels(type_)
        histogram.observe(seconds)

    def add_gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """Show a number that goes up and down, and that `read` knows."""
        Gauge(name, documentation, registry=self.registry).set_function(read)

    @contextmanager
    def registered(self, collector: Collector, before_scrape: BeforeScrape) -> Iterator[None]:
        """Show what a collector yields while the context lasts: for what is kept elsewhere.

        `prepare` is awaited before each answer; it must not raise.
        """
        self.registry.register(collector)
        self._before_scrape.append(before_scrape)
        try:
            yield
        finally:
            self._before_scrape.remove(before_scrape)
            self.registry.unregister(collector)

    async def render(self) -> bytes:
        """Everything, in Prometheus' text format."""
        for before_scrape in self._before_scrape:
            await before_scrape()
        return generate_latest(self.registry)

    async def endpoint(self, _: Request) -> Response:
        """The endpoint for Starlette: `Route("/metrics", metrics.answer)`."""
        return Response(await self.render(), media_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"cache-control": "no-store"})
