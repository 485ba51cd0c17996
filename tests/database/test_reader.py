"""Reader: cancelled queries are interrupted and cost no connection; slow queries leave connections to others."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from models.database import MAX_HEAVY_READS, Database, Transaction, open_database
from models.database.engine import READERS, read_engine
from models.database.reader import Reader
from tests.database.harness import run_endless_query, select_one
from tests.polling import TIMEOUT_SECONDS, wait_until


def repeat_endless_query(tx: Transaction) -> None:
    for _ in range(3):
        with suppress(OperationalError):
            run_endless_query(tx)


class CountingReader(Reader):
    connections = 0

    def count(self, *_: object) -> None:
        self.connections += 1


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[CountingReader]:
    file = tmp_path / "test.db"
    async with open_database(file):
        pass
    engine = read_engine(file)
    reader = CountingReader(engine)
    event.listen(engine.sync_engine, "connect", reader.count)
    yield reader
    await reader.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with asyncio.timeout(TIMEOUT_SECONDS), open_database(tmp_path / "test.db") as database:
        yield database


async def start_queries(
    reader: Reader, query: Callable[[Transaction], object] = run_endless_query, count: int = 1
) -> list[asyncio.Task[object]]:
    tasks = [asyncio.create_task(reader.run(query)) for _ in range(count)]
    busy = min(count, READERS)
    await wait_until(lambda: sum(running.driver is not None for running in reader._tasks.values()) == busy)
    return tasks


async def cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)


@pytest.mark.parametrize("query", [run_endless_query, repeat_endless_query])
async def test_cancelled_query_is_interrupted(
    reader: CountingReader, query: Callable[[Transaction], object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        await cancel(await start_queries(reader, query, 3 * READERS))
        async with asyncio.timeout(TIMEOUT_SECONDS):
            assert await reader.run(select_one) == 1
    await wait_until(lambda: not reader._tasks)
    gc.collect()
    assert reader.connections == READERS
    assert caplog.messages == []


async def test_cancelling_an_answered_query_costs_no_connection(reader: CountingReader) -> None:
    for _ in range(20):
        task = asyncio.create_task(reader.run(select_one))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await reader.run(select_one) == 1
    assert reader.connections <= READERS


async def test_exception_of_a_query_reaches_its_caller(reader: CountingReader) -> None:
    def fail(_tx: Transaction) -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await reader.run(fail)
    with pytest.raises(OperationalError):
        await reader.run(lambda tx: tx.execute(text("SELECT * FROM missing")))
    assert await reader.run(select_one) == 1


async def test_closing_interrupts_queries(reader: CountingReader) -> None:
    tasks = await start_queries(reader, count=2)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await reader.close()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [OperationalError] * 2


async def test_heavy_reads_leave_connections_to_others(database: Database) -> None:
    started = 0

    def heavy_query(tx: Transaction) -> None:
        nonlocal started
        started += 1
        run_endless_query(tx)

    tasks = [asyncio.create_task(database.read_heavy(heavy_query)) for _ in range(3 * READERS)]
    await wait_until(lambda: started == MAX_HEAVY_READS)
    assert await asyncio.gather(*(database.read(select_one) for _ in range(READERS))) == [1] * READERS
    assert started == MAX_HEAVY_READS < READERS
    await cancel(tasks[:MAX_HEAVY_READS])
    await wait_until(lambda: started == 2 * MAX_HEAVY_READS)
    await cancel(tasks[MAX_HEAVY_READS:])
    assert await database.read_heavy(select_one) == 1
