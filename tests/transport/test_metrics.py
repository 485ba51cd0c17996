"""Metrics of the transport."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.routing import Route

from tests.transport.fake_app import ExpectedError, FakeApp, GraphQLClient
from transport import GraphQLEndpoint
from transport.metrics import DURATION_BUCKETS, Metrics


@asynccontextmanager
async def open_metrics_client(endpoint: GraphQLEndpoint) -> AsyncIterator[GraphQLClient]:
    app = Starlette(routes=[Route("/graphql", endpoint), Route("/metrics", endpoint.metrics.endpoint)])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as http:
        yield GraphQLClient(http)


def samples(text: str) -> dict[str, float]:
    """Return all samples by name and labels."""
    return {
        sample.name + "".join(f" {label}={value}" for label, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scrape(metrics: Metrics) -> dict[str, float]:
    return samples((await metrics.render()).decode())


async def test_operations_are_counted_by_type_and_outcome(fake_app: FakeApp) -> None:
    endpoint = fake_app.endpoint()
    async with open_metrics_client(endpoint) as client:
        await client.execute("{hello}")
        await client.execute("{hello}")
        await client.execute("mutation{write}")
        await client.execute("{surprise}")
        await client.execute("{unknown}")
        await client.execute("{expected}")
        await client.post(b"nothing")
    counted = await scrape(endpoint.metrics)
    operations = {
        name.removeprefix("graphql_operations_total "): n for name, n in counted.items() if "operations_total" in name
    }
    assert operations == {
        "outcome=ok type=query": 2,
        "outcome=ok type=mutation": 1,
        "outcome=INTERNAL_SERVER_ERROR type=query": 1,
        "outcome=GRAPHQL_VALIDATION_FAILED type=none": 1,
        "outcome=CONFLICT type=query": 1,
        "outcome=BAD_REQUEST type=none": 1,
    }
    assert counted["graphql_operation_duration_seconds_count type=query"] == 4
    assert 0 < counted["graphql_operation_duration_seconds_sum type=query"] < 20


async def test_unknown_error_codes_share_one_label(fake_app: FakeApp) -> None:
    endpoint = fake_app.endpoint()
    async with open_metrics_client(endpoint) as client:
        for number in range(3):
            fake_app.context_error = ExpectedError("no", code=f"CODE_{number}")
            await client.execute("{hello}")
    assert (await scrape(endpoint.metrics))["graphql_operations_total outcome=OTHER type=none"] == 3


async def test_gauge_is_read_on_scrape() -> None:
    metrics, numbers = Metrics(), {"queue": 5.0}
    metrics.add_gauge("queue_bytes", "Waiting.", lambda: numbers["queue"])
    assert (await scrape(metrics))["queue_bytes"] == 5
    numbers["queue"] = 7
    assert (await scrape(metrics))["queue_bytes"] == 7


async def test_collector_is_scraped_while_registered() -> None:
    class Sessions(Collector):
        count = 0

        async def prepare(self) -> None:
            self.count += 1

        def collect(self) -> list[Metric]:
            return [GaugeMetricFamily("sessions", "Counted.", self.count)]

    metrics, sessions = Metrics(), Sessions()
    for _ in range(2):
        with metrics.registered(sessions, sessions.prepare):
            await metrics.render()
            assert (await scrape(metrics))["sessions"] == sessions.count
        assert "sessions" not in await scrape(metrics)
    assert sessions.count == 4


async def test_two_servers_in_a_process_have_separate_metrics(fake_app: FakeApp) -> None:
    one, other = fake_app.endpoint(), fake_app.endpoint()
    async with open_metrics_client(one) as client:
        await client.execute("{hello}")
    assert "graphql_operations_total outcome=ok type=query" in await scrape(one.metrics)
    assert "graphql_operations_total outcome=ok type=query" not in await scrape(other.metrics)


async def test_metrics_have_text_format(fake_app: FakeApp) -> None:
    endpoint = fake_app.endpoint()
    async with open_metrics_client(endpoint) as client:
        response = await client.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE graphql_operations_total counter" in response.text
    assert "process_resident_memory_bytes" in response.text


async def test_operations_are_exposed_as_prometheus_client_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_780_000_000.25)
    monkeypatch.setattr("transport.metrics.time", lambda: 1_780_000_000.25)
    expected, metrics = CollectorRegistry(), Metrics()
    counter = Counter("graphql_operations", "Finished operations.", ["type", "outcome"], registry=expected)
    histogram = Histogram(
        "graphql_operation_duration_seconds",
        "Duration of operations, from request to response.",
        ["type"],
        buckets=DURATION_BUCKETS,
        registry=expected,
    )
    for number, seconds in enumerate((*DURATION_BUCKETS, 0.0, 0.0015, 0.003, 0.1 + 0.2, 11.0, 1e9)):
        outcome = ("ok", "gone", "TIMEOUT")[number % 3]
        metrics.observe_operation(None, outcome, seconds)
        counter.labels("none", outcome).inc()
        histogram.labels("none").observe(seconds)
    text, expected_text = (await metrics.render()).decode(), generate_latest(expected).decode()
    assert expected_text.count("\n") > 25
    assert [line for line in text.splitlines() if "graphql_operation" in line] == expected_text.splitlines()
