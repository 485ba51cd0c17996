"""Ten thousand dashboards that come back at once, while others go on calling (promise 13)."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

from bench.harness import Ground
from bench.http_client import Caller
from bench.load_generator import LoadFailed
from bench.scenarios import keepalive
from bench.scenarios.base import Column, Row
from bench.scenarios.restart import MISSED, RESUMABLE, all_back, restarted
from bench.scenarios.subscriptions import SESSIONS
from bench.servers import OURS, Server
from bench.statistics import percentile
from bench.subscribers.process import watching

DASHBOARDS: Final = 10_000
RATE: Final = 50
"""Signs of life per second."""


class Storm:
    name = "storm"
    title = "restart until all dashboards are back; promised: ≤ 20 s, keepalives meanwhile p99 < 500 ms"
    case = "subs."
    columns = (
        *(Column("s", ".1f"), Column("exit s", ".1f"), Column("ready s", ".1f")),
        *(Column("p50 ms", ".1f"), Column("p99 ms", ".1f")),
    )
    less_is_better = True

    async def rows(self, ground: Ground) -> Sequence[Row]:
        count = ground.effort.of(DASHBOARDS)
        async with (
            ground.crowd(count) as crowd,
            ground.fresh(OURS, SESSIONS) as server,
            watching(server, crowd, RESUMABLE, count),
        ):
            began = perf_counter()
            exited = await restarted(server, crowd, wanted=MISSED)
            ready = perf_counter() - began
            async with calling(server) as latencies:
                back = await all_back(crowd) - began
        p50, p99 = (1000 * percentile(latencies, share) for share in (0.50, 0.99))
        return [Row(server.name, f"{count:,}", [(back, exited, ready, p50, p99)])]


@asynccontextmanager
async def calling(server: Server) -> AsyncIterator["array[float]"]:
    """Signs of life of its sessions, at an even pace: how long each took, in seconds. Raises LoadFailed."""
    latencies = array("d")
    caller = Caller(server.port)

    async def call(number: int) -> None:
        began = perf_counter()
        session = server.sessions[number % len(server.sessions)]
        await caller.ask(keepalive.DOCUMENT, {"input": {"id": session}})
        latencies.append(perf_counter() - began)

    async def call_all() -> None:
        began, number = perf_counter(), 0
        async with asyncio.TaskGroup() as calls:
            while not over.is_set():
                calls.create_task(call(number))
                number += 1
                await asyncio.sleep(max(0.0, began + number / RATE - perf_counter()))

    over = asyncio.Event()
    task = asyncio.create_task(call_all())
    try:
        yield latencies
        over.set()
        try:
            await task
        except ExceptionGroup as failures:
            raise LoadFailed(f"{len(failures.exceptions)} calls failed: {failures.exceptions[0]}") from None
    finally:
        task.cancel()
        caller.close()
