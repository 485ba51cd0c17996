"""What figures about calls over HTTP have in common."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

from bench.harness import Harness, interleaved
from bench.load_generator import LoadResult
from bench.scenarios.base import Column, Row, Sample
from bench.servers import Server
from bench.statistics import percentile

COLUMNS: Final = (
    Column("per s"),
    Column("p50 ms", ".1f"),
    Column("p99 ms", ".1f"),
    Column("wrong"),
    Column("load", ".0%"),
)
"""Right answers per second, how long they took, what else came; and how busy the client kept its core: near 100 % it
was the client that was measured."""

RequestLoad: TypeAlias = Callable[[Server, int, float], Awaitable[LoadResult]]
"""Does the work over so many connections for so many seconds."""


async def measure_requests(harness: Harness, run_load: RequestLoad) -> Sequence[Row]:
    """The work, done with all numbers of connections. Raises LoadFailed, ServerFailed."""
    config = harness.effort
    servers = await harness.servers(config.sessions)
    rows: list[Row] = []
    for connections in config.connections:
        for server in servers:
            await run_load(server, connections, config.warm_up)
        results = await interleaved(servers, config.runs, partial(_measure, run_load, connections, config.seconds))
        rows += (Row(server.name, str(connections), readings) for server, readings in results)
    return rows


async def _measure(run_load: RequestLoad, connections: int, seconds: float, server: Server) -> Sample:
    result = await run_load(server, connections, seconds)
    p50, p99 = (1000 * percentile(result.latencies, share) for share in (0.50, 0.99))
    return result.rate, p50, p99, result.failures, result.client_cpu_seconds / result.seconds
