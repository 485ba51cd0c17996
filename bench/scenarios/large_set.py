"""The large set scenario: a hundred thousand active sessions to subscribers, and what others notice of it."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Any, Final

import orjson

from bench.harness import Harness
from bench.http_client import HttpClient
from bench.load_generator import LoadFailed, percentile
from bench.peers import SESSION_GRAPH
from bench.scenarios.base import Row, Sample
from bench.scenarios.history import dataset_database
from bench.scenarios.subscriptions import FIELDS
from bench.servers import Server
from bench.subscribers.pool import SubscriberPool
from bench.subscribers.subscribed import TRANSPORTS

SESSIONS: Final = 100_000
PART_SIZE: Final = 100
"""Sessions in a part of a snapshot."""
CASES: Final = (("websocket", 1), ("sse", 1), ("websocket", 10))
TIMEOUT: Final = 600.0
SHORT_QUERY: Final = "{ __typename }"
"""Of another client: it waits for the event loop, and for nothing else."""
COUNT: Final = "{ sessions(filter: {active: true}) { totalCount } }"
SUBSCRIPTION: Final[dict[str, Any]] = {
    "query": f"""subscription {{ activeSessions {{
      ... on SessionSnapshot {{ first last cursor sessions {{ {FIELDS} }} }}
      ... on SessionChange {{ change id cursor session {{ {FIELDS} }} }} }} }}""",
    "variables": {},
}


async def measure_large_set(harness: Harness) -> Sequence[Row]:
    """Measure seconds until all subscribers have the set, and the server's processor, memory and other answers."""
    create_database = dataset_database(harness.config.scaled(SESSIONS), active_share=1.0)
    rows = []
    for transport, count in CASES:
        samples = []
        for _ in range(harness.config.restarts):
            async with harness.new_server(SESSION_GRAPH, create_database=create_database) as server:
                samples.append(await deliver_set(server, transport, count))
        rows.append(Row(server.name, f"{count} × {transport}", samples))
    return rows


async def deliver_set(server: Server, transport: str, count: int) -> Sample:
    """Open subscriptions at once, with another client that asks all the time. Raises LoadFailed."""
    pool = SubscriberPool(server.port, [SUBSCRIPTION], count, TRANSPORTS[transport])
    pool.results_until_live = -(-await set_size(server) // PART_SIZE)
    latencies: array[float] = array("d")
    probe = asyncio.create_task(probe_latency(server, latencies))
    try:
        await asyncio.sleep(0.5)
        memory, cpu, started = server.resident_bytes, server.cpu_seconds, perf_counter()
        await pool.open(TIMEOUT)
        seconds, cpu = perf_counter() - started, server.cpu_seconds - cpu
        megabytes = (server.resident_bytes - memory) / 1e6
    finally:
        probe.cancel()
        with suppress(asyncio.CancelledError):
            await probe
        pool.close()
    return seconds, cpu, megabytes, *(1000 * percentile(latencies, share) for share in (0.5, 0.99, 1.0))


async def set_size(server: Server) -> int:
    async with http_client(server) as client:
        size: int = orjson.loads(await client.execute(COUNT, {}))["data"]["sessions"]["totalCount"]
    if size == 0:
        raise LoadFailed("the set is empty")
    return size


async def probe_latency(server: Server, latencies: "array[float]") -> None:
    """Ask one short query after another, and collect the seconds until each answer."""
    async with http_client(server) as client:
        while True:
            started = perf_counter()
            await client.execute(SHORT_QUERY, {})
            latencies.append(perf_counter() - started)


@asynccontextmanager
async def http_client(server: Server) -> AsyncIterator[HttpClient]:
    client = HttpClient(server.port)
    try:
        yield client
    finally:
        await client.close()
