"""What figures about calls over HTTP have in common."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

from bench.harness import Ground, by_turns
from bench.load_generator import Sample
from bench.scenarios.base import Column, Reading, Row
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

Call: TypeAlias = Callable[[Server, int, float], Awaitable[Sample]]
"""Does the work over so many connections for so many seconds."""


async def call_rows(ground: Ground, call: Call) -> Sequence[Row]:
    """The work, done with all numbers of connections. Raises LoadFailed, ServerFailed."""
    effort = ground.effort
    servers = await ground.servers(effort.sessions)
    rows: list[Row] = []
    for connections in effort.connections:
        for server in servers:
            await call(server, connections, effort.warm_up)
        turns = await by_turns(servers, effort.runs, partial(_read, call, connections, effort.seconds))
        rows += (Row(server.name, str(connections), readings) for server, readings in turns)
    return rows


async def _read(call: Call, connections: int, seconds: float, server: Server) -> Reading:
    sample = await call(server, connections, seconds)
    p50, p99 = (1000 * percentile(sample.latencies, share) for share in (0.50, 0.99))
    return sample.rate, p50, p99, sample.wrong, sample.client_seconds / sample.seconds
