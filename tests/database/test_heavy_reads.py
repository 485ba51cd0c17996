"""Reading: nobody waits for another's long question, and nothing goes on when nobody waits for it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection

from models.database import SURVEYS, Database, open_database
from models.database.engine import READERS
from tests.database.endless_query import ask_for_ever
from tests.polling import PATIENCE

"""Seconds that nothing here takes, unless something goes on for ever."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with asyncio.timeout(PATIENCE), open_database(tmp_path / "test.db") as database:
        yield database


class Endless:
    """A question that has no end, and tells when so many have begun to ask it."""

    def __init__(self, *expected: int) -> None:
        self.asked = 0
        self._reached = {number: asyncio.Event() for number in expected}

    def __call__(self, tx: Connection) -> None:
        self.asked += 1
        if self.asked in self._reached:
            self._reached[self.asked].set()
        ask_for_ever(tx)

    async def begun(self, times: int) -> None:
        await self._reached[times].wait()


def one(tx: Connection) -> int:
    return int(tx.execute(text("SELECT 1")).scalar_one())


async def cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [asyncio.CancelledError] * len(tasks)


async def test_a_question_whose_caller_is_gone_stops(database: Database) -> None:
    threads = threading.active_count()
    for _ in range(2):
        endless = Endless(READERS)
        tasks = [asyncio.create_task(database.read(endless)) for _ in range(READERS)]
        await endless.begun(READERS)
        await cancel(*tasks)
        assert await asyncio.gather(*(database.read(one) for _ in range(READERS))) == [1] * READERS
    assert threading.active_count() <= threads + READERS


async def test_long_questions_leave_connections_to_others(database: Database) -> None:
    endless = Endless(SURVEYS, 2 * SURVEYS)
    tasks = [asyncio.create_task(database.survey(endless)) for _ in range(3 * READERS)]
    await endless.begun(SURVEYS)
    assert await asyncio.gather(*(database.read(one) for _ in range(READERS))) == [1] * READERS
    assert endless.asked == SURVEYS < READERS
    # The next ones have their turn when one is given up.
    await cancel(*tasks[:SURVEYS])
    await endless.begun(2 * SURVEYS)
    await cancel(*tasks[SURVEYS:])
    assert await database.survey(one) == 1
