"""The writer: who shares a transaction, who fails, and who does not notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database import engine as engines
from models.database import open_database
from models.database.engine import read_engine, write_engine
from models.database.writer import Writer
from models.errors import DatabaseInUse, StorageUnavailable
from tests.api_client import ApiClient
from tests.database.harness import EngineSpy, notes_table, read_notes, write_locked, write_notes


class WriterHarness:
    """A writer with a table, watched."""

    def __init__(self, file: Path, engine: AsyncEngine) -> None:
        self.file = file
        self.writer = Writer(engine)
        self.spy = EngineSpy(engine)

    async def write(self, name: str) -> str:
        return await self.writer.run(write_notes, name)

    async def notes(self) -> set[str]:
        engine = read_engine(self.file)
        async with engine.connect() as connection:
            found = await connection.run_sync(read_notes)
        await engine.dispose()
        return found


@asynccontextmanager
async def open_harness(file: Path) -> AsyncIterator[WriterHarness]:
    engine = write_engine(file)
    async with engine.begin() as connection:
        await connection.run_sync(notes_table.create)
    desk = WriterHarness(file, engine)
    try:
        async with desk.writer.running():
            yield desk
    finally:
        await engine.dispose()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[WriterHarness]:
    async with open_harness(tmp_path / "desk.db") as found:
        yield found


async def test_calls_that_arrive_while_a_transaction_commits_share_the_next(desk: WriterHarness) -> None:
    first = asyncio.create_task(desk.write("first"))
    await desk.spy.transaction_begun.wait()
    names = [f"n{number}" for number in range(100)]
    answers = await asyncio.gather(*(desk.write(name) for name in names))
    assert await first == "FIRST"
    assert answers == [name.upper() for name in names]
    assert (desk.spy.begin_count, desk.spy.commit_count) == (2, 2)
    assert await desk.notes() == {"first", *names}


async def test_a_call_that_fails_takes_no_neighbour_along(desk: WriterHarness) -> None:
    await desk.write("there")
    names = ["a", "bad", "b", "there", "c"]
    answers = await asyncio.gather(*(desk.write(name) for name in names), return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == ["str", "ValueError", "str", "IntegrityError", "str"]
    assert await desk.notes() == {"a", "b", "c", "there"}


async def test_a_caller_that_gives_up_before_its_turn_leaves_no_trace(desk: WriterHarness) -> None:
    first = asyncio.create_task(desk.write("first"))
    await desk.spy.transaction_begun.wait()
    calls = [asyncio.create_task(desk.write(name)) for name in ("a", "b", "c")]
    await asyncio.sleep(0)
    calls[1].cancel()
    answers = await asyncio.gather(first, *calls, return_exceptions=True)
    assert [answer for answer in answers if isinstance(answer, str)] == ["FIRST", "A", "C"]
    assert await desk.notes() == {"first", "a", "c"}


async def test_a_caller_that_gives_up_during_its_turn_does_not_stop_it(desk: WriterHarness) -> None:
    call = asyncio.create_task(desk.write("a"))
    await desk.spy.transaction_begun.wait()
    call.cancel()
    assert await desk.write("b") == "B"
    assert call.cancelled()
    assert await desk.notes() == {"a", "b"}


async def test_leaving_finishes_what_was_handed_in(tmp_path: Path) -> None:
    async with open_harness(tmp_path / "desk.db") as desk:
        calls = [asyncio.create_task(desk.write(f"n{number}")) for number in range(600)]
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*calls)) == len(await desk.notes()) == 600
    with pytest.raises(StorageUnavailable):
        await desk.write("late")


async def test_two_calls_for_one_session_in_one_transaction_both_count(api: ApiClient) -> None:
    session = await api.start_user(path=["home"])
    watch = EngineSpy(api.app.state.services.database._writer._engine)
    calls = [("keepaliveSession", {"path": [name]}) for name in "ab"] + [("hideSession", {}), ("stopSession", {})]
    answers = await asyncio.gather(
        *(api.mutate(call, {"id": session["id"], **given}, "revision") for call, given in calls)
    )
    assert sorted(answer["session"]["revision"] for answer in answers) == [2, 3, 4, 5]
    assert await api.activity_types(session["id"]) == ["STARTED", "MOVED", "MOVED", "HIDDEN", "STOPPED"]
    assert watch.commit_count < len(calls)


async def test_a_foreign_lock_only_delays(desk: WriterHarness) -> None:
    assert engines.BUSY_TIMEOUT_MS >= 3_000
    with write_locked(desk.file) as foreign:
        calls = [asyncio.create_task(desk.write(name)) for name in "abc"]
        _, waiting = await asyncio.wait(calls, timeout=0.3)
        assert waiting == set(calls)
        foreign.execute("ROLLBACK")
        assert await asyncio.gather(*calls) == ["A", "B", "C"]


async def test_a_lock_that_stays_makes_nobody_wait_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 300)
    async with open_harness(tmp_path / "desk.db") as desk:
        with write_locked(desk.file):
            first = asyncio.create_task(desk.write("a"))
            await desk.spy.transaction_begun.wait()
            answers = await asyncio.gather(first, desk.write("b"), desk.write("c"), return_exceptions=True)
        assert [type(answer) for answer in answers] == [StorageUnavailable] * 3
        assert desk.spy.begin_count == 1
        assert await desk.write("d") == "D"
        assert await desk.notes() == {"d"}


async def test_a_full_disk_is_refused_and_heals(desk: WriterHarness) -> None:
    await desk.writer.run(_limit_pages, 20)
    with pytest.raises(StorageUnavailable):
        await desk.write("x" * 200_000)
    assert await desk.notes() == set()
    assert await desk.write("small") == "SMALL"
    await desk.writer.run(_limit_pages, 2_000)
    assert len(await desk.write("y" * 200_000)) == 200_000


def _limit_pages(tx: Connection, count: int) -> None:
    tx.execute(text(f"PRAGMA max_page_count = {count}"))


async def test_a_second_server_on_the_file_is_refused_when_its_patience_ends(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_database(file) as first:
        with pytest.raises(DatabaseInUse, match="another server"):
            async with open_database(file, lock_timeout=0.1):
                pass
        assert await first.is_ready()
    async with open_database(file, lock_timeout=0) as second:
        assert await second.is_ready()
