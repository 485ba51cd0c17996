"""Delivery scenarios: how many results subscribers receive, and how late."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from bench.harness import Harness, interleaved
from bench.load_generator import percentile
from bench.peers import SESSION_GRAPH
from bench.scenarios.base import Row, Sample
from bench.scenarios.subscriptions import SHARED_DOCUMENTS, subscribed_servers
from bench.subscribers.subscribed import SubscribedServer

SUBSCRIBERS: Final = 1000
SUBSCRIBER_COUNTS: Final = (20, 100, 500, 1000, 5000)
"""Of the scenario that varies them."""
WINDOW: Final = 8
"""Moves in flight: the next starts when all results of the move so many before it have arrived."""
RATE: Final = 10
"""Changes per second, whether the ones before have been delivered or not."""


async def measure_fanout(documents: Sequence[dict[str, Any]], harness: Harness) -> Sequence[Row]:
    """Measure deliveries per second, and per second of the server's processor."""
    return await _measure(harness, documents, _saturate)


async def measure_subscribers(harness: Harness) -> Sequence[Row]:
    """Measure what a delivery costs with more and more subscribers of the same query."""
    config, rows = harness.config, []
    for count in dict.fromkeys(map(config.scaled, SUBSCRIBER_COUNTS)):
        async with subscribed_servers(harness, SHARED_DOCUMENTS, count, [SESSION_GRAPH]) as (target,):
            await _saturate(target, config.warm_up)
            samples = [await _saturate(target, config.seconds) for _ in range(config.runs)]
        costs = [(1e6 / per_cpu_second, rate, busy) for rate, per_cpu_second, busy in samples]
        rows.append(Row(target.server.name, f"{count:,}", costs, "equal subscribers", count))
    return rows


async def _saturate(target: SubscribedServer, seconds: float) -> tuple[float, float, float]:
    cpu_before = target.server.cpu_seconds
    deliveries = await target.saturate(seconds, WINDOW)
    cpu_used = target.server.cpu_seconds - cpu_before
    return deliveries.in_time / deliveries.seconds, deliveries.total / cpu_used, deliveries.busy


async def measure_latency(harness: Harness) -> Sequence[Row]:
    """Measure the age of changes when subscribers receive them. Refused changes count as infinitely late."""

    async def run(target: SubscribedServer, seconds: float) -> Sample:
        latencies, refused, busy = await target.paced(seconds, RATE)
        return 1000 * percentile(latencies, 0.99), 1000 * percentile(latencies, 0.50), refused, busy

    return await _measure(harness, SHARED_DOCUMENTS, run)


async def _measure(
    harness: Harness,
    documents: Sequence[dict[str, Any]],
    run: Callable[[SubscribedServer, float], Awaitable[Sample]],
) -> Sequence[Row]:
    config, count = harness.config, harness.config.scaled(SUBSCRIBERS)
    async with subscribed_servers(harness, documents, count) as targets:
        for target in targets:
            await run(target, config.warm_up)
        results = await interleaved(targets, config.runs, lambda target: run(target, config.seconds))
    return [Row(target.server.name, f"{count:,}", samples) for target, samples in results]
