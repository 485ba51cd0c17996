"""A server that dies at its worst moment takes nothing along that it had acknowledged."""

import asyncio
from pathlib import Path

import pytest

from tests.durability.invariants import assert_kept, assert_whole
from tests.durability.recording_writer import Ledger, Writer
from tests.server_process import server, wire

CONNECTIONS = 24


@pytest.mark.parametrize(("kills", "enough"), [(4, 1_000), pytest.param(50, 2_000, marks=pytest.mark.long)])
async def test_what_was_acknowledged_survives_kills(tmp_path: Path, kills: int, enough: int) -> None:
    file, ledger = tmp_path / "test.db", Ledger(enough)
    for kill in range(kills):
        ledger.begin()
        async with server(file) as killable:
            writers = [Writer(ledger, kill * CONNECTIONS + number) for number in range(CONNECTIONS)]
            tasks = [asyncio.create_task(_write(killable.port, writer)) for writer in writers]
            waiting = asyncio.create_task(ledger.has_enough.wait())
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
            await killable.kill()
            waiting.cancel()
            await asyncio.gather(*tasks)
        assert ledger.acknowledgements >= enough
        assert_whole(file)
        assert_kept(file, ledger)
    async with server(file) as killable, wire(killable.port) as found:
        stats = await found.ask("{ sessionStats { total byEndReason { key total } } }")
    assert stats["sessionStats"]["total"] == len(ledger.acknowledged)


async def _write(port: int, writer: Writer) -> None:
    try:
        async with wire(port) as found:
            await writer.write(found)
    except ConnectionError:
        pass
