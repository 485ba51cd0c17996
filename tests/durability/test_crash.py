"""Crash tests: SIGKILL loses no acknowledged change or event, leaves no partial one, and no event counts twice."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.durability.invariants import assert_acknowledged_stored, assert_invariants, open_read_only
from tests.durability.player_client import PlayerClient
from tests.durability.recording_writer import CallCounter, Ledger, RecordingWriter
from tests.live_server import HttpConnection, connect, run_until_disconnected, server_process
from tests.media.reference_metrics import merge_calls

CONNECTIONS = 24


async def run_until_crash(
    file: Path, enough: asyncio.Event, *clients: Callable[[HttpConnection], Awaitable[None]]
) -> None:
    """Run a server and its clients until there were enough calls, or one client is done. Then kill the server."""
    async with server_process(file) as process:
        tasks = [asyncio.create_task(run_until_disconnected(process.port, client)) for client in clients]
        waiting = asyncio.create_task(enough.wait())
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        await process.kill()
        waiting.cancel()
        await asyncio.gather(*tasks)
    assert_invariants(file)


@pytest.mark.parametrize(("kills", "enough"), [(4, 1_000), pytest.param(50, 2_000, marks=pytest.mark.long)])
async def test_acknowledged_changes_survive_crashes(tmp_path: Path, kills: int, enough: int) -> None:
    file, ledger = tmp_path / "test.db", Ledger()
    for kill in range(kills):
        target = ledger.calls + enough
        writers = [RecordingWriter(ledger, kill * CONNECTIONS + number) for number in range(CONNECTIONS)]
        await run_until_crash(file, ledger.wait_for(target), *(writer.write for writer in writers))
        assert ledger.calls >= target
        assert_acknowledged_stored(file, ledger)
    async with server_process(file) as process, connect(process.port) as found:
        stats = await found.ask("{ sessionStats { total byEndReason { reason total } } }")
    assert stats["sessionStats"]["total"] == len(ledger.acknowledged)


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
