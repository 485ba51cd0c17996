"""Crash test of players: no acknowledged event is lost, none is counted twice."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.durability.invariants import assert_invariants
from tests.durability.player_client import CallCounter, PlayerClient
from tests.live_server import connect, server_process
from tests.media.reference_metrics import merge_calls


@pytest.mark.parametrize(
    ("kills", "players", "events"), [(2, 12, 80), pytest.param(30, 24, 200, marks=pytest.mark.long)]
)
async def test_events_repeated_after_crashes_count_once(tmp_path: Path, kills: int, players: int, events: int) -> None:
    file, progress = tmp_path / "test.db", CallCounter()
    tellers = [PlayerClient(number, events, progress) for number in range(players)]
    calls = sum(len(teller.calls) for teller in tellers)
    for kill in range(1, kills + 1):
        enough = progress.wait_for(calls * kill // (kills + 1))
        async with server_process(file) as process:
            tasks = [asyncio.create_task(send_until_disconnected(process.port, teller)) for teller in tellers]
            waiting = asyncio.create_task(enough.wait())
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            await process.kill()
            await asyncio.gather(*tasks)
        assert_invariants(file)
    assert progress.calls < calls
    async with server_process(file) as process, connect(process.port) as one:
        await asyncio.gather(*(send_until_disconnected(process.port, teller) for teller in tellers))
        for player in tellers:
            await player.verify(one)
    assert progress.calls == calls
    with closing(sqlite3.connect(file)) as db:
        numbers = db.execute("SELECT count(*), max(number) FROM media_event GROUP BY session_id").fetchall()
    assert sorted(numbers) == sorted((len(merge_calls(teller.calls)),) * 2 for teller in tellers)


async def send_until_disconnected(port: int, player: PlayerClient) -> None:
    try:
        async with connect(port) as found:
            await player.send_remaining(found)
    except ConnectionError:
        pass
