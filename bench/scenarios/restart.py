"""Restart scenarios: dashboards that reconnect by themselves, alone and while other clients send requests."""

import asyncio
import threading
from array import array
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from bench.harness import Harness, interleaved
from bench.http_client import HttpClient
from bench.load_generator import LoadFailed, percentile
from bench.peers import BASELINE_SPECS, SESSION_GRAPH
from bench.scenarios.base import Row, Sample
from bench.scenarios.requests import KEEPALIVE
from bench.scenarios.subscriptions import RESUMABLE_DOCUMENTS, SESSION_COUNT, SHARED_DOCUMENTS, allow_subscribers
from bench.servers import Server, ServerSpec
from bench.subscribers.subscribed import SubscribedServer, subscribed

SUBSCRIBERS: Final = 2000
STORM_SUBSCRIBERS: Final = 10_000
KEEPALIVE_RATE: Final = 50
"""Keepalives per second during a reconnect storm."""
MISSED_CHANGES: Final = 5
"""Changes since the cursor with which each dashboard reconnects."""
RECONNECT_TIMEOUT: Final = 90.0


async def measure_restart(harness: Harness) -> Sequence[Row]:
    """Measure a restart until all dashboards are live again. Those of the baseline cannot resume."""
    count = allow_subscribers(harness.config.scaled(SUBSCRIBERS))

    async def run(spec: ServerSpec) -> Sample:
        resumes = spec is SESSION_GRAPH
        documents = RESUMABLE_DOCUMENTS if resumes else SHARED_DOCUMENTS
        async with harness.new_server(spec, SESSION_COUNT) as server, subscribed(server, documents, count) as target:
            started = perf_counter()
            exited = await restart_server(target, MISSED_CHANGES if resumes else 1)
            ready = perf_counter() - started
            return await wait_reconnected(target) - started, exited, ready

    results = await interleaved(BASELINE_SPECS, harness.config.restarts, run)
    return [Row(spec.name, f"{count:,}", samples) for spec, samples in results]


async def measure_reconnect_storm(harness: Harness) -> Sequence[Row]:
    """Measure a restart under ten thousand dashboards, and the latency of keepalives meanwhile."""
    count = allow_subscribers(harness.config.scaled(STORM_SUBSCRIBERS))
    async with (
        harness.new_server(SESSION_GRAPH, SESSION_COUNT) as server,
        subscribed(server, RESUMABLE_DOCUMENTS, count) as target,
    ):
        started = perf_counter()
        exited = await restart_server(target, MISSED_CHANGES)
        ready = perf_counter() - started
        stopping = threading.Event()
        # A thread of its own: in this event loop keepalives would wait for the subscribers, not for the server.
        keepalives = asyncio.create_task(asyncio.to_thread(asyncio.run, send_keepalives(server, stopping)))
        try:
            reconnected = await wait_reconnected(target) - started
        finally:
            stopping.set()
        latencies = await keepalives
    p50, p99 = (1000 * percentile(latencies, fraction) for fraction in (0.50, 0.99))
    return [Row(server.name, f"{count:,}", [(reconnected, exited, ready, p50, p99)])]


async def restart_server(target: SubscribedServer, results_until_live: int) -> float:
    """Restart a server under its dashboards and return the seconds until it had exited.

    A dashboard is live again after `results_until_live` results. Raises ServerFailed, LoadFailed.
    """
    await target.publish(MISSED_CHANGES)
    target.pool.reconnects, target.pool.results_until_live = True, results_until_live
    exited = await target.server.stop()
    if exited is None:
        raise LoadFailed(f"{target.server.name} did not stop")
    await target.server.start()
    return exited


async def wait_reconnected(target: SubscribedServer) -> float:
    """Wait until all dashboards are live and receive changes; return when the last one was (`perf_counter`)."""
    await target.pool.live.wait_for(len(target.pool), RECONNECT_TIMEOUT)
    target.pool.reconnects = False
    await target.publish(1)
    return target.pool.last_live_at


async def send_keepalives(server: Server, stopping: threading.Event) -> "array[float]":
    """Send keepalives at an even rate, and return their latencies in seconds. Raises LoadFailed."""
    latencies, client = array("d"), HttpClient(server.port)

    async def send(number: int) -> None:
        started = perf_counter()
        session = server.sessions[number % len(server.sessions)]
        await client.execute(KEEPALIVE, {"input": {"id": session}})
        latencies.append(perf_counter() - started)

    started, number = perf_counter(), 0
    try:
        async with asyncio.TaskGroup() as requests:
            while not stopping.is_set():
                requests.create_task(send(number))
                number += 1
                await asyncio.sleep(max(0.0, started + number / KEEPALIVE_RATE - perf_counter()))
    except ExceptionGroup as failures:
        raise LoadFailed(f"{len(failures.exceptions)} keepalives failed: {failures.exceptions[0]}") from None
    finally:
        await client.close()
    return latencies
