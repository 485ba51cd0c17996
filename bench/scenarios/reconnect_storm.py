"""Ten thousand dashboards that come back at once, while others go on calling (promise 13)."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

from bench.harness import Harness
from bench.http_client import HttpClient
from bench.load_generator import LoadFailed
from bench.scenarios import keepalive
from bench.scenarios.base import Column, Row
from bench.scenarios.restart import MISSED_CHANGES, RESUMABLE_DOCUMENTS, restart_server, wait_reconnected
from bench.scenarios.subscriptions import SESSION_COUNT
from bench.servers import SESSION_GRAPH, Server
from bench.statistics import percentile
from bench.subscribers.process import subscribed

SUBSCRIBERS: Final = 10_000
RATE: Final = 50
"""Signs of life per second."""


class ReconnectStorm:
    name = "storm"
    title = "restart until all dashboards are back; promised: ≤ 20 s, keepalives meanwhile p99 < 500 ms"
    case = "subs."
    columns = (
        *(Column("s", ".1f"), Column("exit s", ".1f"), Column("ready s", ".1f")),
        *(Column("p50 ms", ".1f"), Column("p99 ms", ".1f")),
    )
    lower_is_better = True

    async def rows(self, harness: Harness) -> Sequence[Row]:
        count = harness.effort.scaled(SUBSCRIBERS)
        async with (
            harness.subscriber_process(count) as process,
            harness.new_server(SESSION_GRAPH, SESSION_COUNT) as server,
            subscribed(server, process, RESUMABLE_DOCUMENTS, count),
        ):
            began = perf_counter()
            exited = await restart_server(server, process, results_until_live=MISSED_CHANGES)
            ready = perf_counter() - began
            async with keepalive_load(server) as latencies:
                reconnected = await wait_reconnected(process) - began
        p50, p99 = (1000 * percentile(latencies, share) for share in (0.50, 0.99))
        return [Row(server.name, f"{count:,}", [(reconnected, exited, ready, p50, p99)])]


@asynccontextmanager
async def keepalive_load(server: Server) -> AsyncIterator["array[float]"]:
    """Signs of life of its sessions, at an even pace: how long each took, in seconds. Raises LoadFailed."""
    latencies = array("d")
    client = HttpClient(server.port)

    async def send(number: int) -> None:
        began = perf_counter()
        session = server.sessions[number % len(server.sessions)]
        await client.execute(keepalive.DOCUMENT, {"input": {"id": session}})
        latencies.append(perf_counter() - began)

    async def send_at_rate() -> None:
        began, number = perf_counter(), 0
        async with asyncio.TaskGroup() as calls:
            while not stopping.is_set():
                calls.create_task(send(number))
                number += 1
                await asyncio.sleep(max(0.0, began + number / RATE - perf_counter()))

    stopping = asyncio.Event()
    task = asyncio.create_task(send_at_rate())
    try:
        yield latencies
        stopping.set()
        try:
            await task
        except ExceptionGroup as failures:
            raise LoadFailed(f"{len(failures.exceptions)} calls failed: {failures.exceptions[0]}") from None
    finally:
        task.cancel()
        client.close()
