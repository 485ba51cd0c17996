"""Crash tests: SIGKILL loses no acknowledged change or event, leaves no partial one, and no event counts twice."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.durability.invariants import assert_acknowledged_stored, assert_invariants, open_read_only
from tests.durability.player_client import PlayerClient
from tests.durability.recording_writer import CallCounter, Ledger, RecordingWriter
from tests.durability.socket_connection import connect_socket
from tests.live_server import PATIENT, Connection, connect, run_until_disconnected, server_process
from tests.media.reference_metrics import merge_calls

CONNECTIONS = 24


KILLS = int(os.environ.get("KILLS", "1000"))
"""Of the long form."""
KILLS_PER_DATABASE = 25

CONNECT = (connect, connect_socket)


async def run_until_crash(file: Path, enough: asyncio.Event, *clients: Callable[[Connection], Awaitable[None]]) -> None:
    """Run a server and its clients until there were enough calls, or one client is done. Then kill the server.

    Half of the clients use HTTP, half of them WebSockets.
    """
    async with server_process(file, **PATIENT) as process:
        tasks = [
            asyncio.create_task(run_until_disconnected(process.port, client, CONNECT[number % 2]))
            for number, client in enumerate(clients)
        ]
        waiting = asyncio.create_task(enough.wait())
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        await process.kill()
        waiting.cancel()
        await asyncio.gather(*tasks)
    assert_invariants(file)


async def crash_repeatedly(file: Path, kills: int, calls_per_kill: int, seed: int = 0) -> int:
    """Kill servers of one database under load. Returns how many changes were acknowledged; all of them are stored."""
    ledger = Ledger()
    for kill in range(kills):
        target = ledger.calls + calls_per_kill
        first = (seed + kill) * CONNECTIONS
        writers = [RecordingWriter(ledger, number) for number in range(first, first + CONNECTIONS)]
        await run_until_crash(file, ledger.wait_for(target), *(writer.write for writer in writers))
        assert ledger.calls >= target
        assert_acknowledged_stored(file, ledger)
    async with server_process(file) as process, connect(process.port) as found:
        stats = await found.ask("{ sessionStats { total byEndReason { reason total } } }")
    assert stats["sessionStats"]["total"] == len(ledger.acknowledged)
    return ledger.calls


async def test_acknowledged_changes_survive_crashes(tmp_path: Path) -> None:
    assert await crash_repeatedly(tmp_path / "test.db", kills=3, calls_per_kill=1_000) >= 3_000


@pytest.mark.long
async def test_acknowledged_changes_survive_a_thousand_crashes(tmp_path: Path) -> None:
    acknowledged = 0
    for kill in range(0, KILLS, KILLS_PER_DATABASE):
        file = tmp_path / f"{kill}.db"
        acknowledged += await crash_repeatedly(file, KILLS_PER_DATABASE, calls_per_kill=1_000, seed=kill)
        print(f"{kill + KILLS_PER_DATABASE} kills, {acknowledged} acknowledged changes")  # noqa: T201 - progress of an hour
    assert acknowledged >= 1_000 * KILLS


@pytest.mark.parametrize(
    ("kills", "players", "events"), [(2, 12, 80), pytest.param(30, 24, 200, marks=pytest.mark.long)]
)
async def test_events_repeated_after_crashes_count_once(tmp_path: Path, kills: int, players: int, events: int) -> None:
    file, progress = tmp_path / "test.db", CallCounter()
    clients = [PlayerClient(number, events, progress) for number in range(players)]
    calls = sum(len(client.calls) for client in clients)
    for kill in range(1, kills + 1):
        enough = progress.wait_for(calls * kill // (kills + 1))
        await run_until_crash(file, enough, *(client.send_remaining for client in clients))
    assert progress.calls < calls
    async with server_process(file) as process, connect(process.port) as one:
        await asyncio.gather(*(run_until_disconnected(process.port, client.send_remaining) for client in clients))
        for client in clients:
            await client.verify(one)
    assert progress.calls == calls
    with open_read_only(file) as db:
        numbers = db.execute("SELECT count(*), max(number) FROM media_event GROUP BY session_id").fetchall()
    assert sorted(numbers) == sorted((len(merge_calls(client.calls)),) * 2 for client in clients)
