"""Crash test: SIGKILL loses no acknowledged change and leaves no partial one."""

import asyncio
from pathlib import Path

import pytest

from tests.durability.invariants import assert_acknowledged_stored, assert_invariants
from tests.durability.recording_writer import Ledger, RecordingWriter
from tests.live_server import connect, server_process

CONNECTIONS = 24


@pytest.mark.parametrize(("kills", "enough"), [(4, 1_000), pytest.param(50, 2_000, marks=pytest.mark.long)])
async def test_acknowledged_changes_survive_crashes(tmp_path: Path, kills: int, enough: int) -> None:
    file, ledger = tmp_path / "test.db", Ledger(enough)
    for kill in range(kills):
        ledger.reset()
        async with server_process(file) as process:
            writers = [RecordingWriter(ledger, kill * CONNECTIONS + number) for number in range(CONNECTIONS)]
            tasks = [asyncio.create_task(_write_until_disconnected(process.port, writer)) for writer in writers]
            waiting = asyncio.create_task(ledger.target_reached.wait())
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
            await process.kill()
            waiting.cancel()
            await asyncio.gather(*tasks)
        assert ledger.acknowledgements >= enough
        assert_invariants(file)
        assert_acknowledged_stored(file, ledger)
    async with server_process(file) as process, connect(process.port) as found:
        stats = await found.ask("{ sessionStats { total byEndReason { key total } } }")
    assert stats["sessionStats"]["total"] == len(ledger.acknowledged)


async def _write_until_disconnected(port: int, writer: RecordingWriter) -> None:
    try:
        async with connect(port) as found:
            await writer.write(found)
    except ConnectionError:
        pass
