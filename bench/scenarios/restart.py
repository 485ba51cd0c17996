"""Restart scenarios: dashboards that reconnect by themselves, alone and while other clients send requests."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

from bench.harness import Harness, interleaved
from bench.http_client import HttpClient
from bench.load_generator import LoadFailed, percentile
from bench.scenarios.base import Row, Sample
from bench.scenarios.requests import KEEPALIVE
from bench.scenarios.subscriptions import RESUMABLE_DOCUMENTS, SESSION_COUNT, SHARED_DOCUMENTS
from bench.servers import SERVER_SPECS, SESSION_GRAPH, Server, ServerSpec
from bench.subscribers.process import SubscriberProcess, subscribed

SUBSCRIBERS: Final = 2000
STORM_SUBSCRIBERS: Final = 10_000
KEEPALIVE_RATE: Final = 50
"""Keepalives per second during a reconnect storm."""
MISSED_CHANGES: Final = 5
"""Changes since the cursor with which each dashboard reconnects."""
RECONNECT_TIMEOUT: Final = 90.0


async def measure_restart(harness: Harness) -> Sequence[Row]:
    """Measure a restart until all dashboards are live again. Those of the baseline cannot resume."""
    count = harness.config.scaled(SUBSCRIBERS)
    async with harness.subscriber_process(count) as process:

        async def run(spec: ServerSpec) -> Sample:
            resumes = spec is SESSION_GRAPH
            documents = RESUMABLE_DOCUMENTS if resumes else SHARED_DOCUMENTS
            async with (
                harness.new_server(spec, SESSION_COUNT) as server,
                subscribed(server, process, documents, count),
            ):
                started = perf_counter()
                exited = await restart_server(server, process, MISSED_CHANGES if resumes else 1)
                ready = perf_counter() - started
                return await wait_reconnected(process) - started, exited, ready

        results = await interleaved(SERVER_SPECS, harness.config.restarts, run)
    return [Row(spec.name, f"{count:,}", samples) for spec, samples in results]


async def measure_reconnect_storm(harness: Harness) -> Sequence[Row]:
    """Measure a restart under ten thousand dashboards, and the latency of keepalives meanwhile."""
    count = harness.config.scaled(STORM_SUBSCRIBERS)
    async with (
        harness.subscriber_process(count) as process,
        harness.new_server(SESSION_GRAPH, SESSION_COUNT) as server,
        subscribed(server, process, RESUMABLE_DOCUMENTS, count),
    ):
        started = perf_counter()
        exited = await restart_server(server, process, MISSED_CHANGES)
        ready = perf_counter() - started
        async with keepalive_load(server) as latencies:
            reconnected = await wait_reconnected(process) - started
    p50, p99 = (1000 * percentile(latencies, fraction) for fraction in (0.50, 0.99))
    return [Row(server.name, f"{count:,}", [(reconnected, exited, ready, p50, p99)])]


async def restart_server(server: Server, process: SubscriberProcess, results_until_live: int) -> float:
    """Restart a server under its dashboards and return the seconds until it had exited.

    A dashboard is live again after `results_until_live` results. Raises ServerFailed, LoadFailed.
    """
    await process.call("publish", moves=MISSED_CHANGES)
    await process.call("expect_disconnects", results_until_live=results_until_live)
    exited = await server.stop()
    if exited is None:
        raise LoadFailed(f"{server.name} did not stop")
    await server.start()
    return exited


async def wait_reconnected(process: SubscriberProcess) -> float:
    """Wait until all dashboards are live and receive changes; return when the last one was (`perf_counter`)."""
    result = await process.call("wait_reconnected", seconds=RECONNECT_TIMEOUT)
    await process.call("publish", moves=1)
    at: float = result["at"]
    return at


@asynccontextmanager
async def keepalive_load(server: Server) -> AsyncIterator["array[float]"]:
    """Send keepalives at an even rate, and collect their latencies in seconds. Raises LoadFailed."""
    latencies, stopping = array("d"), asyncio.Event()
    client = HttpClient(server.port)

    async def send(number: int) -> None:
        started = perf_counter()
        session = server.sessions[number % len(server.sessions)]
        await client.execute(KEEPALIVE, {"input": {"id": session}})
        latencies.append(perf_counter() - started)

    async def send_at_rate() -> None:
        started, number = perf_counter(), 0
        async with asyncio.TaskGroup() as requests:
            while not stopping.is_set():
                requests.create_task(send(number))
                number += 1
                await asyncio.sleep(max(0.0, started + number / KEEPALIVE_RATE - perf_counter()))

    task = asyncio.create_task(send_at_rate())
    try:
        yield latencies
        stopping.set()
        try:
            await task
        except ExceptionGroup as failures:
            raise LoadFailed(f"{len(failures.exceptions)} keepalives failed: {failures.exceptions[0]}") from None
    finally:
        task.cancel()
        await client.close()
