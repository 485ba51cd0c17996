"""Connection scenarios: what open subscriptions cost while nothing happens, and how long they delay a shutdown."""

import asyncio
from collections.abc import Sequence
from math import inf
from time import perf_counter
from typing import Final

from bench.harness import Harness, interleaved
from bench.peers import BASELINE_SPECS, SESSION_GRAPH, SUBSCRIPTION_SPECS
from bench.scenarios.base import Row, Sample
from bench.scenarios.subscriptions import SESSION_COUNT, SHARED_DOCUMENTS, allow_subscribers
from bench.servers import ServerSpec
from bench.subscribers.subscribed import subscribed

IDLE_SUBSCRIBERS: Final = 10_000
MEMORY_SUBSCRIBERS: Final = 5000
STREAMS: Final = 500
STOP_TIMEOUT: Final = 10.0
"""Seconds after which a server is killed."""
TRANSPORTS: Final = {"websocket": "WebSockets", "sse": "event streams"}


async def measure_idle(harness: Harness) -> Sequence[Row]:
    """Measure memory, processor and disconnects of ten thousand idle dashboards."""
    count, seconds = allow_subscribers(harness.config.scaled(IDLE_SUBSCRIBERS)), harness.config.idle_seconds
    async with harness.new_server(SESSION_GRAPH, SESSION_COUNT) as server:
        before = server.resident_bytes
        async with subscribed(server, SHARED_DOCUMENTS, count) as target:
            target.pool.disconnects_expected = True
            cpu_before = server.cpu_seconds
            await asyncio.sleep(seconds)
            cpu_share = (server.cpu_seconds - cpu_before) / seconds
            kilobytes_each = (server.resident_bytes - before) / count / 1000
            live, closed = target.pool.live.value, target.pool.close_codes.total()
            if live == count:
                await target.publish(1)
    sample = (kilobytes_each, cpu_share, live, closed, seconds)
    return [Row(server.name, f"{count:,}", [sample])]


async def measure_memory(harness: Harness) -> Sequence[Row]:
    """Measure the memory of an idle subscriber, and the time to open all."""
    count = allow_subscribers(harness.config.scaled(MEMORY_SUBSCRIBERS))

    async def run(spec: ServerSpec) -> Sample:
        async with harness.new_server(spec, 1) as server:
            before, started = server.resident_bytes, perf_counter()
            async with subscribed(server, SHARED_DOCUMENTS, count):
                return (server.resident_bytes - before) / count / 1000, perf_counter() - started

    results = await interleaved(harness.available(SUBSCRIPTION_SPECS), harness.config.restarts, run)
    return [Row(spec.name, f"{count:,}", samples) for spec, samples in results]


async def measure_shutdown(harness: Harness) -> Sequence[Row]:
    """Measure the time from SIGTERM to exit with streams open whose clients stay."""
    count = allow_subscribers(harness.config.scaled(STREAMS))
    rows: list[Row] = []
    for transport, label in TRANSPORTS.items():

        async def run(spec: ServerSpec, transport: str = transport) -> Sample:
            async with (
                harness.new_server(spec, 1) as server,
                subscribed(server, SHARED_DOCUMENTS, count, transport) as target,
            ):
                target.pool.disconnects_expected = True
                seconds = await server.stop(STOP_TIMEOUT)
                return (inf if seconds is None else seconds,)

        results = await interleaved(BASELINE_SPECS, harness.config.restarts, run)
        rows += (Row(spec.name, f"{count} {label}", samples) for spec, samples in results)
    return rows
