"""The walls scenario: different live queries that many changes concern, up to saturation and beyond."""

import asyncio
import re
import time
from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Final

from bench.harness import Harness
from bench.load_generator import encode_request, percentile
from bench.open_loop import OpenLoopResult, run_open_loop
from bench.peers import SESSION_GRAPH
from bench.scenarios.base import Column, Row, Sample
from bench.servers import Server
from bench.subscribers.pool import SubscriberPool
from bench.subscribers.subscribed import MOVE_MUTATION

WALLS: Final = (8, 100)
"""Live queries of a wall, all different."""
SESSIONS: Final = 500
FIRST_RATE: Final = 6.25
"""Changes per second, doubled until the server no longer bears them."""
MAX_RATE: Final = 3200.0
OVERLOAD_FACTOR: Final = 2.0
OVERLOAD_LENGTH: Final = 10.0
"""How many times longer the overload is than one step."""
OPENING_RATE: Final = 1.0
"""Changes per second while the wall opens: a stream of activities has no other first result."""
OPEN_TIMEOUT: Final = 120.0
OPEN_BATCH: Final = 4
"""Live queries that are opened at once: each reads its own snapshot, and an overloaded server refuses further ones."""
QUIET_SECONDS: Final = 1.0
DRAIN_TIMEOUT: Final = 60.0

BORNE_LATENCY: Final = 1.0
BORNE_LAG: Final = 2.0

COLUMNS: Final = (
    *(Column("accepted/s"), Column("p50 ms"), Column("p99 ms")),
    *(Column("refused/s"), Column("p99 ms"), Column("failed")),
    *(Column("lag p50 s", ".2f"), Column("p99 s", ".2f"), Column("CPU", ".0%")),
)

_AT: Final = re.compile(rb'"at": ?"([^"]+)"')
_SESSION: Final = """id kind state subject visible path startedAt lastSeenAt
  project { id name } pathTimes { path visibleSeconds }"""
_LIVE_QUERY: Final = f"""subscription Wall($filter: SessionFilter) {{ activeSessions(filter: $filter) {{
  ... on SessionSnapshot {{ totalCount last sessions {{ {_SESSION} }} }}
  ... on SessionChange {{ change id at session {{ {_SESSION} }} }}
}} }}"""
_ACTIVITIES: Final = f"""subscription Wall($filter: SessionFilter) {{ sessionActivities(filter: $filter) {{
  ... on Activity {{ id cursor type at session {{ {_SESSION} }} }}
}} }}"""


def wall_documents(count: int) -> list[dict[str, Any]]:
    """Return subscriptions that a server cannot share: by user, kind and path, and of activities by kind.

    A change concerns about half of them.
    """
    return [_wall_document(number) for number in range(count)]


def _wall_document(number: int) -> dict[str, Any]:
    day = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=number)
    filters: tuple[dict[str, Any], ...] = (
        {"user": {"usernames": [f"user-{(number * 7 + step * 10) % 200}" for step in range(20)]}},
        {"kinds": ["USER"]},
        {"pathPrefix": ["/view/overview"]},
        {"kinds": ["CLIENT"]},
    )
    query = _ACTIVITIES if number % 4 == 3 else _LIVE_QUERY
    return {
        "query": query,
        "variables": {"filter": {**filters[number % 4], "startedAfter": f"{day:%Y-%m-%dT%H:%M:%SZ}"}},
    }


def move_requests(server: Server) -> Iterator[bytes]:
    """Yield keepalives without end: of each session in turn, every one on another path than before."""
    turn = 0
    while True:
        turn += 1
        for session in server.sessions:
            variables = {"id": session, "path": ["/view/overview", f"page-{turn % 7}"]}
            yield encode_request(server.port, MOVE_MUTATION, variables)


class Wall:
    """Open subscriptions of one server, and how late their results are."""

    def __init__(self, server: Server, documents: Sequence[dict[str, Any]]) -> None:
        self.server = server
        self.pool = SubscriberPool(server.port, documents, len(documents), open_batch=OPEN_BATCH)
        self.lags = array("d")
        """Seconds from the time in a result, taken before its commit, until it is here. Both are of one clock."""
        self._moves = move_requests(server)
        self._received_at = 0.0

    async def open(self) -> None:
        """Connect all subscriptions and wait until each has a result. Raises LoadFailed."""
        opening = asyncio.create_task(self.pool.open(OPEN_TIMEOUT))
        try:
            while not opening.done():
                await run_open_loop(self.server.port, self._moves, OPENING_RATE, 1.0)
        finally:
            await opening
        self.pool.listener = self._on_result
        await self.drain()

    def _on_result(self, received: bytes, start: int, end: int) -> None:
        self._received_at = perf_counter()
        if found := _AT.search(received, start, end):
            self.lags.append(time.time() - datetime.fromisoformat(found[1].decode()).timestamp())

    async def change(self, rate: float, seconds: float) -> Sample:
        """Change sessions at a rate; the results of all changes count, whenever they arrive."""
        self.lags = array("d")
        cpu_before, started = self.server.cpu_seconds, perf_counter()
        measuring = asyncio.create_task(self._cpu_share_after(seconds, cpu_before, started))
        result = await run_open_loop(self.server.port, self._moves, rate, seconds)
        cpu = await measuring
        await self.drain()
        return to_sample(result, self.lags, cpu)

    async def _cpu_share_after(self, seconds: float, cpu_before: float, started: float) -> float:
        await asyncio.sleep(seconds)
        return (self.server.cpu_seconds - cpu_before) / (perf_counter() - started)

    async def drain(self) -> None:
        """Wait until no result has arrived for a while."""
        deadline = perf_counter() + DRAIN_TIMEOUT
        self._received_at = perf_counter()
        while (pause := min(deadline, self._received_at + QUIET_SECONDS) - perf_counter()) > 0:  # noqa: ASYNC110 - results move it
            await asyncio.sleep(pause)
        await self.pool.live.wait_for(len(self.pool), 0)  # raises if a subscription has ended


def to_sample(result: OpenLoopResult, lags: "array[float]", cpu: float) -> Sample:
    """Return the values of `COLUMNS`."""
    accepted, refused = result.accepted, result.refused
    return (
        *(len(accepted) / result.seconds, 1000 * percentile(accepted, 0.50), 1000 * percentile(accepted, 0.99)),
        *(len(refused) / result.seconds, 1000 * percentile(refused, 0.99), result.failures),
        *(percentile(lags, 0.50), percentile(lags, 0.99), cpu),
    )


def is_borne(sample: Sample) -> bool:
    """Return whether everything was accepted and delivered in time."""
    _, _, latency, refused, _, failed, _, lag, _ = sample
    return not refused and not failed and latency < 1000 * BORNE_LATENCY and lag < BORNE_LAG


async def measure_walls(harness: Harness) -> Sequence[Row]:
    """Measure walls under a rising rate of changes, and under twice the greatest that was borne."""
    rows: list[Row] = []
    seconds = 2 * harness.config.seconds
    for count in WALLS:
        async with (
            harness.new_server(SESSION_GRAPH, SESSIONS) as server,
            opened(Wall(server, wall_documents(count))) as wall,
        ):
            capacity = await find_capacity(wall, seconds, rows)
            rate = OVERLOAD_FACTOR * capacity
            rows.append(_row(wall, rate, await wall.change(rate, OVERLOAD_LENGTH * seconds), suffix=" (double)"))
    return rows


async def find_capacity(
    wall: Wall, seconds: float, rows: list[Row], *, first_rate: float = FIRST_RATE, max_rate: float = MAX_RATE
) -> float:
    """Return the greatest rate that was borne, within a fifth, and append the row of each step."""

    async def bears(rate: float) -> bool:
        sample = await wall.change(rate, seconds)
        rows.append(_row(wall, rate, sample))
        return is_borne(sample)

    borne, rate = first_rate / 2, first_rate
    while rate <= max_rate and await bears(rate):
        borne, rate = rate, rate * 2
    for factor in (2**0.5, 2**0.25):
        if rate <= max_rate and await bears(borne * factor):
            borne *= factor
    return borne


def _row(wall: Wall, rate: float, sample: Sample, suffix: str = "") -> Row:
    return Row(wall.server.name, f"{len(wall.pool)} × {rate:.0f}/s{suffix}", [sample])


@asynccontextmanager
async def opened(wall: Wall) -> AsyncIterator[Wall]:
    """Keep a wall open. Raises LoadFailed."""
    try:
        await wall.open()
        yield wall
    finally:
        wall.pool.close()
