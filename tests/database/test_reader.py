"""Questions to the database that nobody waits for any more are over soon, and cost no connection."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from models.database.engine import READERS, read_engine, write_engine
from models.database.reader import Reader
from tests.polling import TIMEOUT_SECONDS, wait_until

ENDLESS_SQL = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c"


def endless_query(connection: Connection) -> None:
    """A question that is never answered."""
    connection.execute(text(ENDLESS_SQL))


def repeated_query(connection: Connection) -> None:
    """A question that is asked again and again."""
    for _ in range(3):
        try:
            connection.execute(text(ENDLESS_SQL))
        except OperationalError:
            continue


def select_one(connection: Connection) -> int:
    """A question that is answered at once."""
    return int(connection.execute(text("SELECT 1")).scalar_one())


class CountingReader(Reader):
    """Counts the connections that it made."""

    def __init__(self, file: Path) -> None:
        engine = read_engine(file)
        super().__init__(engine)
        self.connections = 0
        event.listen(engine.sync_engine, "connect", self._count)

    def _count(self, *_: object) -> None:
        self.connections += 1


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[CountingReader]:
    """Reads a database without tables."""
    file = tmp_path / "test.db"
    writing = write_engine(file)
    async with writing.connect() as connection:
        await connection.execute(text("SELECT 1"))
    await writing.dispose()
    found = CountingReader(file)
    yield found
    await found.close()


async def start_queries(
    reader: Reader, query: Callable[[Connection], object] = endless_query, count: int = 1
) -> "list[asyncio.Task[object]]":
    """Questions under way."""
    tasks = [asyncio.create_task(reader.run(query)) for _ in range(count)]
    busy = min(count, READERS)
    await wait_until(lambda: sum(asking.driver is not None for asking in reader._tasks.values()) == busy)
    return tasks


async def cancel_and_wait(tasks: "list[asyncio.Task[object]]") -> None:
    """Wait no longer, as who leaves does."""
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)


@pytest.mark.parametrize("question", [endless_query, repeated_query])
async def test_a_question_that_nobody_waits_for_is_broken_off(
    reader: CountingReader, question: Callable[[Connection], object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        await cancel_and_wait(await start_queries(reader, question, 3 * READERS))
        async with asyncio.timeout(TIMEOUT_SECONDS):
            assert await reader.run(select_one) == 1
    await wait_until(lambda: not reader._tasks)
    gc.collect()
    assert reader.connections == READERS
    assert caplog.messages == []


async def test_a_question_that_was_answered_is_left_alone(reader: CountingReader) -> None:
    for _ in range(20):
        task = asyncio.create_task(reader.run(select_one))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await reader.run(select_one) == 1
    assert reader.connections <= READERS


async def test_what_a_question_raises_is_raised(reader: CountingReader) -> None:
    def wrong(_connection: Connection) -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await reader.run(wrong)
    with pytest.raises(OperationalError):
        await reader.run(lambda connection: connection.execute(text("SELECT * FROM nothing")))
    assert await reader.run(select_one) == 1


async def test_closing_breaks_off_what_is_asked(reader: CountingReader) -> None:
    tasks = await start_queries(reader, count=2)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await reader.close()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [OperationalError] * 2
