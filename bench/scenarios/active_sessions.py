"""Active sessions scenarios: what requests cost with more and more of them, and ten thousand that end at once."""

import asyncio
import sqlite3
from array import array
from collections.abc import Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final

from bench.harness import Harness
from bench.load_generator import LoadFailed, percentile
from bench.peers import SESSION_GRAPH
from bench.scenarios.base import Column, Row, Sample
from bench.scenarios.history import dataset_database
from bench.scenarios.large_set import probe_latency, set_size
from bench.scenarios.requests import (
    ACTIVE_PAGE_BY_LAST_SEEN_WORK,
    FILTERED_PAGE_WORK,
    KEEPALIVE_WORK,
    MOVE_WORK,
    cost_row,
    run_in_turns,
)
from bench.servers import Server

SESSIONS: Final = (1_000, 10_000, 100_000)
CONNECTIONS: Final = 64
KEPT_ALIVE: Final = 5_000
"""Sessions that keepalives are sent for."""
WORKS: Final = (KEEPALIVE_WORK, MOVE_WORK, FILTERED_PAGE_WORK, ACTIVE_PAGE_BY_LAST_SEEN_WORK)

EXPIRIES: Final = 10_000
EXPIRE_AFTER: Final = 4
"""Seconds from the start of the server, which gives all sessions their whole timeout, as it was down before."""
SWEEP_TIMEOUT: Final = 60.0
SWEEP_COLUMNS: Final = (
    Column("others max ms", ".1f"),
    Column("p99 ms", ".1f"),
    Column("p50 ms", ".1f"),
    Column("s", ".1f"),
)


async def measure_active_sessions(harness: Harness) -> Sequence[Row]:
    """Measure what a request costs with more and more active sessions of all kinds."""
    rows: list[Row] = []
    for count in dict.fromkeys(map(harness.config.scaled, SESSIONS)):
        create_database = dataset_database(count, active_share=1.0)
        async with harness.new_server(SESSION_GRAPH, create_database=create_database) as server:
            server.sessions = session_ids(server.database, KEPT_ALIVE)
            for work in WORKS:
                for _, samples in await run_in_turns(harness, [server], work, CONNECTIONS):
                    rows.append(cost_row(server.name, work.name, count, samples))
    return rows


def session_ids(database: Path, most: int) -> list[str]:
    """Return sessions that take keepalives without further input."""
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT id FROM session WHERE kind IN ('CLIENT', 'USER') LIMIT ?"
        return [id_ for (id_,) in connection.execute(query, (most,))]


async def measure_sweep(harness: Harness) -> Sequence[Row]:
    """Measure how late short answers to another client are while many sessions expire at once."""
    sessions, expiries = harness.config.scaled(SESSIONS[-1]), harness.config.scaled(EXPIRIES)
    create = dataset_database(sessions, active_share=1.0)

    async def create_database(file: Path) -> None:
        await create(file)
        expire_soon(file, expiries)

    samples: list[Sample] = []
    for _ in range(harness.config.restarts):
        async with harness.new_server(SESSION_GRAPH, create_database=create_database) as server:
            samples.append(await watch_sweep(server, expiries))
    return [Row(SESSION_GRAPH.name, f"{expiries:,} of {sessions:,}", samples)]


def expire_soon(file: Path, count: int) -> None:
    """Shorten the timeout of so many sessions."""
    chosen = "SELECT rowid FROM session WHERE kind = 'CLIENT' AND ended_at IS NULL LIMIT ?"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            f"UPDATE session SET timeout_seconds = ? WHERE rowid IN ({chosen})",  # noqa: S608 - no input
            (EXPIRE_AFTER, count),
        )


async def watch_sweep(server: Server, expiries: int) -> Sample:
    """Ask short queries until the sweep has written all expiries. Raises LoadFailed."""
    latencies: array[float] = array("d")
    probe = asyncio.create_task(probe_latency(server, latencies))
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        while await loop.run_in_executor(None, partial(ended_count, server.database)) < expiries:
            if loop.time() > started + SWEEP_TIMEOUT:
                raise LoadFailed(f"{await set_size(server)} sessions are still active")
            await asyncio.sleep(0.1)
        seconds = loop.time() - started
    finally:
        probe.cancel()
        with suppress(asyncio.CancelledError):
            await probe
    p50, p99, longest = (1000 * percentile(latencies, share) for share in (0.5, 0.99, 1.0))
    return longest, p99, p50, seconds


def ended_count(database: Path) -> int:
    """Return how many sessions have an end written: of no other process, so that the server is not asked."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        count: int = connection.execute("SELECT count(*) FROM session WHERE ended_at IS NOT NULL").fetchone()[0]
        return count
