"""The live queries scenario: what a keepalive costs while more and more different live queries are open."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from bench.harness import Harness
from bench.load_generator import percentile, run_closed_loop
from bench.open_loop import run_open_loop
from bench.peers import MERCURIUS, SESSION_GRAPH
from bench.scenarios.base import Column, Row, Sample
from bench.scenarios.requests import MOVE_WORK
from bench.scenarios.subscriptions import FIELDS, allow_subscribers, subscription_document
from bench.scenarios.walls import Wall, move_requests, opened

COUNTS: Final = (0, 1, 8, 32, 128)
MANY: Final = 1000
MANY_RATE: Final = 50
"""Changes per second of which each of the many shows all."""
CONNECTIONS: Final = 64
SESSIONS: Final = 100
COLUMNS: Final = (
    *(Column("CPU µs"), Column("per s"), Column("p50 ms", ".1f"), Column("p99 ms", ".1f")),
    *(Column("lag p99 s", ".2f"), Column("failures")),
)


def different_documents(count: int) -> list[dict[str, Any]]:
    """Return live queries that differ in their filter, all of which show every session."""
    days = (datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(count))
    filters = ({"startedAfter": f"{day:%Y-%m-%dT%H:%M:%S}.000Z"} for day in days)
    return [{"query": subscription_document(FIELDS), "variables": {"filter": each}} for each in filters]


async def measure_live_queries(harness: Harness) -> Sequence[Row]:
    """Measure keepalives that move, in a closed loop; with the many at an even rate."""
    allow_subscribers(MANY)
    rows: list[Row] = []
    counts = [(count, False) for count in COUNTS]
    for count, is_paced in (*counts, (harness.config.scaled(MANY), True)):
        case = f"{count:,}, at {MANY_RATE} keepalives/s" if is_paced else f"{count:,}"
        for spec in harness.available([SESSION_GRAPH, MERCURIUS]):
            async with (
                harness.new_server(spec, SESSIONS) as server,
                opened(Wall(server, different_documents(count))) as wall,
            ):
                run = partial(_paced if is_paced else _saturated, wall)
                await run(harness.config.warm_up)
                samples = [await run(harness.config.seconds) for _ in range(harness.config.runs)]
            series = "" if is_paced else spec.name  # what is not saturated costs more for each: it shares less
            rows.append(Row(spec.name, case, samples, series, max(count, 0.5)))  # the axis has no 0
    return rows


async def _saturated(wall: Wall, seconds: float) -> Sample:
    server, wall.lags = wall.server, type(wall.lags)("d")
    cpu_before = server.cpu_seconds
    result = await run_closed_loop(server.port, MOVE_WORK.streams(server, CONNECTIONS), MOVE_WORK.is_valid, seconds)
    await wall.drain()
    cpu = 1e6 * (server.cpu_seconds - cpu_before) / max(1, result.responses)
    p50, p99 = (1000 * percentile(result.latencies, fraction) for fraction in (0.50, 0.99))
    return cpu, result.rate, p50, p99, percentile(wall.lags, 0.99), result.failures


async def _paced(wall: Wall, seconds: float) -> Sample:
    server, wall.lags = wall.server, type(wall.lags)("d")
    cpu_before = server.cpu_seconds
    result = await run_open_loop(server.port, move_requests(server), MANY_RATE, seconds)
    await wall.drain()
    count = max(1, len(result.accepted))
    cpu = 1e6 * (server.cpu_seconds - cpu_before) / count
    p50, p99 = (1000 * percentile(result.accepted, fraction) for fraction in (0.50, 0.99))
    failures = len(result.refused) + result.failures
    return cpu, count / result.seconds, p50, p99, percentile(wall.lags, 0.99), failures
