"""Those who come in a crowd are answered together, and each for itself."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection

from models.database import Database
from models.errors import StorageUnavailable
from resolvers.feed import asking, reading
from resolvers.feed.asking import Asking
from resolvers.feed.reading import Look
from tests.feed.stage import Stage

CROWD = 100


@contextmanager
def transactions(database: Database) -> Iterator[list[Connection]]:
    """Those in which is read meanwhile."""
    begun: list[Connection] = []
    engine, note = database._reader._engine.sync_engine, partial(list.append, begun)
    event.listen(engine, "begin", note)
    try:
        yield begun
    finally:
        event.remove(engine, "begin", note)


@pytest.fixture
def asked(stage: Stage) -> Asking:
    """Somebody to ask."""
    return Asking(stage.database)


async def test_a_crowd_that_comes_back_reads_what_each_has_missed_in_a_few_transactions(stage: Stage) -> None:
    first = await stage.watch()
    cursors = [first.cursors[-1]]
    for _ in range(3):
        await stage.world.user()
        await first.read()
        cursors.append(first.cursors[-1])
    with transactions(stage.database) as begun:
        streams = await asyncio.gather(*(stage.watch(after=cursors[number % 4]) for number in range(CROWD)))
    assert [len(stream.told) for stream in streams] == [3, 2, 1, 0] * (CROWD // 4)
    assert len(begun) <= 4


def end(look: Look) -> int:
    """Where the log ends."""
    return look.head


def numbered(number: int, _: Look) -> int:
    """A question whose answer says whose it is."""
    return number


async def test_no_more_are_answered_together_than_are_good_for_the_others(
    stage: Stage, asked: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "TOGETHER", 3)
    with transactions(stage.database) as begun:
        answers = await asyncio.gather(*(asked.ask(0, partial(numbered, number)) for number in range(12)))
    assert answers == list(range(12))
    assert len(begun) == 4


async def test_one_that_fails_fails_alone(asked: Asking) -> None:
    def broken(_: Look) -> Any:
        raise ZeroDivisionError

    answers = await asyncio.gather(asked.ask(0, end), asked.ask(0, broken), asked.ask(0, end), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, ZeroDivisionError, int]


async def test_what_the_storage_cannot_answer_it_answers_nobody_until_it_can(
    stage: Stage, asked: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(*_: Any) -> Any:
        raise StorageUnavailable("busy")

    monkeypatch.setattr(Database, "read", read)
    answers = await asyncio.gather(*(asked.ask(0, end) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StorageUnavailable] * 3
    monkeypatch.undo()
    assert await asked.ask(0, end) == await stage.database.read(reading.head)


async def test_who_leaves_is_not_waited_for(asked: Asking) -> None:
    questions = [asyncio.create_task(asked.ask(0, end)) for _ in range(5)]
    await asyncio.sleep(0)
    for leaver in (0, 3):
        questions[leaver].cancel()
    answers = await asyncio.gather(*questions, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError, int, int, asyncio.CancelledError, int]
    await asked.finish()
    assert await asked.ask(0, end) == 0
