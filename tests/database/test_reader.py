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

from models.database.engine import READERS, reading_engine, writing_engine
from models.database.reader import Reader
from tests.polling import PATIENCE, until

ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c"


def endless(connection: Connection) -> None:
    """A question that is never answered."""
    connection.execute(text(ENDLESS))


def stubborn(connection: Connection) -> None:
    """A question that is asked again and again."""
    for _ in range(3):
        try:
            connection.execute(text(ENDLESS))
        except OperationalError:
            continue


def one(connection: Connection) -> int:
    """A question that is answered at once."""
    return int(connection.execute(text("SELECT 1")).scalar_one())


class Watched(Reader):
    """Counts the connections that it made."""

    def __init__(self, file: Path) -> None:
        engine = reading_engine(file)
        super().__init__(engine)
        self.made = 0
        event.listen(engine.sync_engine, "connect", self._note)

    def _note(self, *_: object) -> None:
        self.made += 1


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Watched]:
    """Reads a database without tables."""
    file = tmp_path / "test.db"
    writing = writing_engine(file)
    async with writing.connect() as connection:
        await connection.execute(text("SELECT 1"))
    await writing.dispose()
    found = Watched(file)
    yield found
    await found.close()


async def asked(
    reader: Reader, question: Callable[[Connection], object] = endless, count: int = 1
) -> "list[asyncio.Task[object]]":
    """Questions under way."""
    tasks = [asyncio.create_task(reader.ask(question)) for _ in range(count)]
    busy = min(count, READERS)
    await until(lambda: sum(asking.driver is not None for asking in reader._tasks.values()) == busy)
    return tasks


async def given_up(tasks: "list[asyncio.Task[object]]") -> None:
    """Wait no longer, as who leaves does."""
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)


@pytest.mark.parametrize("question", [endless, stubborn])
async def test_a_question_that_nobody_waits_for_is_broken_off(
    reader: Watched, question: Callable[[Connection], object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        await given_up(await asked(reader, question, 3 * READERS))
        async with asyncio.timeout(PATIENCE):
            assert await reader.ask(one) == 1
    await until(lambda: not reader._tasks)
    gc.collect()
    assert reader.made == READERS
    assert caplog.messages == []


async def test_a_question_that_was_answered_is_left_alone(reader: Watched) -> None:
    for _ in range(20):
        task = asyncio.create_task(reader.ask(one))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await reader.ask(one) == 1
    assert reader.made <= READERS


async def test_what_a_question_raises_is_raised(reader: Watched) -> None:
    def wrong(_connection: Connection) -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await reader.ask(wrong)
    with pytest.raises(OperationalError):
        await reader.ask(lambda connection: connection.execute(text("SELECT * FROM nothing")))
    assert await reader.ask(one) == 1


async def test_closing_breaks_off_what_is_asked(reader: Watched) -> None:
    tasks = await asked(reader, count=2)
    async with asyncio.timeout(PATIENCE):
        await reader.close()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [OperationalError] * 2
