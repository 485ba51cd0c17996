"""A server that dies at its worst moment takes nothing along that it had acknowledged."""

import asyncio
from pathlib import Path

from tests.truth.evidence import assert_kept, assert_whole
from tests.truth.process import server, wire
from tests.truth.writers import Ledger, Writer

KILLS = 10
ACKNOWLEDGEMENTS = 2_000
CONNECTIONS = 24


async def test_what_was_acknowledged_survives_ten_kills(tmp_path: Path) -> None:
    file, ledger = tmp_path / "test.db", Ledger(ACKNOWLEDGEMENTS)
    for kill in range(KILLS):
        ledger.begin()
        async with server(file) as killable:
            writers = [Writer(ledger, kill * CONNECTIONS + number) for number in range(CONNECTIONS)]
            tasks = [asyncio.create_task(_write(killable.port, writer)) for writer in writers]
            enough = asyncio.create_task(ledger.has_enough.wait())
            await asyncio.wait([enough, *tasks], return_when=asyncio.FIRST_COMPLETED)
            await killable.kill()
            enough.cancel()
            await asyncio.gather(*tasks)
        assert ledger.acknowledgements >= ACKNOWLEDGEMENTS
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
