"""A server that dies while players tell what happens: nothing that it acknowledged is lost, nothing counts twice."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.durability.invariants import assert_whole
from tests.durability.player_client import Progress, Teller
from tests.media.reference_metrics import whole
from tests.server_process import server, wire


@pytest.mark.parametrize(
    ("kills", "players", "events"), [(2, 12, 80), pytest.param(30, 24, 200, marks=pytest.mark.long)]
)
async def test_players_that_repeat_what_was_not_acknowledged_are_counted_right(
    tmp_path: Path, kills: int, players: int, events: int
) -> None:
    file, progress = tmp_path / "test.db", Progress()
    tellers = [Teller(number, events, progress) for number in range(players)]
    calls = sum(len(teller.calls) for teller in tellers)
    for kill in range(1, kills + 1):
        enough = progress.until(calls * kill // (kills + 1))
        async with server(file) as killable:
            tasks = [asyncio.create_task(tell(killable.port, teller)) for teller in tellers]
            waiting = asyncio.create_task(enough.wait())
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            await killable.kill()
            await asyncio.gather(*tasks)
        assert_whole(file)
    assert progress.calls < calls
    async with server(file) as killable, wire(killable.port) as one:
        await asyncio.gather(*(tell(killable.port, teller) for teller in tellers))
        for teller in tellers:
            await teller.check(one)
    assert progress.calls == calls
    with closing(sqlite3.connect(file)) as db:
        numbers = db.execute("SELECT count(*), max(number) FROM media_event GROUP BY session_id").fetchall()
    assert sorted(numbers) == sorted((len(whole(teller.calls)),) * 2 for teller in tellers)


async def tell(port: int, teller: Teller) -> None:
    """Tell all that is left, or as much as the server lives to hear."""
    try:
        async with wire(port) as found:
            await teller.go_on(found)
    except ConnectionError:
        pass
