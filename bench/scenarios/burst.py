"""The burst scenario: ten thousand keepalives that are due within one second."""

from collections.abc import Sequence
from itertools import cycle
from typing import Final

from bench.harness import Harness, interleaved
from bench.load_generator import encode_request, percentile
from bench.open_loop import run_open_loop
from bench.peers import WRITE_SPECS
from bench.scenarios.base import Column, Row, Sample
from bench.scenarios.requests import KEEPALIVE
from bench.servers import Server

KEEPALIVES: Final = 10_000
CONNECTIONS: Final = 500
COLUMNS: Final = (
    Column("s", ".2f"),
    Column("p50 ms"),
    Column("p99 ms"),
    Column("CPU µs"),
    Column("refused"),
    Column("failed"),
)


async def measure_burst(harness: Harness) -> Sequence[Row]:
    """Measure the seconds from the first request until the last response."""
    count = harness.config.scaled(KEEPALIVES)
    servers = await harness.servers(harness.config.sessions, WRITE_SPECS)
    results = await interleaved(servers, harness.config.runs, lambda server: send_burst(server, count))
    return [Row(server.name, f"{count:,}", samples) for server, samples in results]


async def send_burst(server: Server, count: int) -> Sample:
    """Send keepalives at an even rate within one second. Returns the values of `COLUMNS`."""
    requests = cycle([encode_request(server.port, KEEPALIVE, {"input": {"id": each}}) for each in server.sessions])
    cpu_before = server.cpu_seconds
    result = await run_open_loop(server.port, requests, count, 1.0, min(CONNECTIONS, count))
    cpu = 1e6 * (server.cpu_seconds - cpu_before) / count
    p50, p99 = (1000 * percentile(result.accepted, fraction) for fraction in (0.50, 0.99))
    return result.finished_after, p50, p99, cpu, len(result.refused), result.failures
