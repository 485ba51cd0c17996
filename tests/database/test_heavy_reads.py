"""Reading: nobody waits for another's long question, and nothing goes on when nobody waits for it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection

from models.database import MAX_HEAVY_READS, Database, open_database
from models.database.engine import READERS
from tests.database.endless_query import run_endless_query
from tests.polling import TIMEOUT_SECONDS

"""Seconds that nothing here takes, unless something goes on for ever."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with asyncio.timeout(TIMEOUT_SECONDS), open_database(tmp_path / "test.db") as database:
        yield database


class EndlessQuery:
    """A question that has no end, and tells when so many have begun to ask it."""

    def __init__(self, *expected: int) -> None:
        self.started = 0
        self._reached = {number: asyncio.Event() for number in expected}

    def __call__(self, tx: Connection) -> None:
        self.started += 1
        if self.started in self._reached:
            self._reached[self.started].set()
        run_endless_query(tx)

    async def wait_started(self, times: int) -> None:
        await self._reached[times].wait()


def select_one(tx: Connection) -> int:
    return int(tx.execute(text("SELECT 1")).scalar_one())


async def cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [asyncio.CancelledError] * len(tasks)


async def test_a_question_whose_caller_is_gone_stops(database: Database) -> None:
    threads = threading.active_count()
    for _ in range(2):
        endless = EndlessQuery(READERS)
        tasks = [asyncio.create_task(database.read(endless)) for _ in range(READERS)]
        await endless.wait_started(READERS)
        await cancel(*tasks)
        assert await asyncio.gather(*(database.read(select_one) for _ in range(READERS))) == [1] * READERS
    assert threading.active_count() <= threads + READERS


async def test_long_questions_leave_connections_to_others(database: Database) -> None:
    endless = EndlessQuery(MAX_HEAVY_READS, 2 * MAX_HEAVY_READS)
    tasks = [asyncio.create_task(database.read_heavy(endless)) for _ in range(3 * READERS)]
    await endless.wait_started(MAX_HEAVY_READS)
    assert await asyncio.gather(*(database.read(select_one) for _ in range(READERS))) == [1] * READERS
    assert endless.started == MAX_HEAVY_READS < READERS
    # The next ones have their turn when one is given up.
    await cancel(*tasks[:MAX_HEAVY_READS])
    await endless.wait_started(2 * MAX_HEAVY_READS)
    await cancel(*tasks[MAX_HEAVY_READS:])
    assert await database.read_heavy(select_one) == 1
