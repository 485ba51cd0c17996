"""Reader: questions share hops and snapshots, but neither failures nor slowness; cancelled ones are interrupted."""

import asyncio
import gc
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from models.database import MAX_HEAVY_READS, Database, Transaction, open_database
from models.database import reader as reader_module
from models.database.connection_thread import ConnectionThread
from models.database.database import READERS
from models.database.engine import read_engine, write_engine
from models.database.reader import MAX_BATCH, Reader
from models.errors import StorageUnavailable
from tests.database.harness import EngineSpy, notes_table, read_notes, run_endless_query, select_one, write_notes
from tests.polling import TIMEOUT_SECONDS, wait_until


def repeat_endless_query(tx: Transaction) -> None:
    for _ in range(3):
        with suppress(OperationalError):
            run_endless_query(tx)


class SpiedReader(Reader):
    """A reader of notes that counts its connections and hops."""

    def __init__(self, file: Path) -> None:
        engine = read_engine(file)
        super().__init__(engine, READERS, lambda error: error)
        self.file = file
        self.spy = EngineSpy(engine)
        self.connections = 0
        event.listen(engine, "connect", self._count)

    def write(self, *names: str) -> None:
        with write_engine(self.file).begin() as tx:
            write_notes.run(tx, names)

    @property
    def running(self) -> int:
        """Statements that run."""
        return sum(batch.thread.caller is not None for batch in self._running)

    def _count(self, *_: object) -> None:
        self.connections += 1


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[SpiedReader]:
    file = tmp_path / "notes.db"
    with write_engine(file).begin() as tx:
        notes_table.create(tx)
    reader = SpiedReader(file)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        yield reader
    await reader.close()


@pytest.fixture
def _nothing_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no batch be divided, however slow the machine is."""
    monkeypatch.setattr(reader_module, "SLOW_SECONDS", 1000)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with asyncio.timeout(TIMEOUT_SECONDS), open_database(tmp_path / "test.db") as database:
        yield database


async def start_queries(
    reader: SpiedReader, query: Callable[[Transaction], object] = run_endless_query, count: int = 1
) -> list[asyncio.Future[object]]:
    asked = [reader.ask(query) for _ in range(count)]
    await wait_until(lambda: reader.running == min(count, READERS))
    return asked


async def cancel(asked: list[asyncio.Future[Any]]) -> None:
    for caller in asked:
        caller.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    assert all(caller.cancelled() for caller in asked)


@pytest.mark.usefixtures("_nothing_is_slow")
async def test_questions_of_one_moment_share_a_hop(reader: SpiedReader) -> None:
    assert await asyncio.gather(*(reader.ask(select_one) for _ in range(MAX_BATCH))) == [1] * MAX_BATCH
    assert (reader.spy.begin_count, reader.spy.commit_count) == (1, 1)
    assert await asyncio.gather(*(reader.ask(select_one) for _ in range(3 * MAX_BATCH + 1))) == [1] * 49
    assert (reader.spy.begin_count, reader.connections) == (5, 1)


@pytest.mark.usefixtures("_nothing_is_slow")
async def test_question_sees_what_was_written_before_it_was_asked(reader: SpiedReader) -> None:
    may_go_on = threading.Event()

    def wait(tx: Transaction) -> set[str]:
        assert read_notes(tx) == set()
        assert may_go_on.wait(TIMEOUT_SECONDS)
        return read_notes(tx)

    first = reader.ask(wait)
    await wait_until(lambda: reader.running == 1)
    reader.write("a")
    second = reader.ask(read_notes)
    may_go_on.set()
    assert (await first, await second) == (set(), {"a"})


@pytest.mark.usefixtures("_nothing_is_slow")
async def test_failure_of_a_question_is_its_own(reader: SpiedReader) -> None:
    def fail(_tx: Transaction) -> None:
        raise LookupError("no")

    queries = [select_one, fail, select_one, lambda tx: tx.execute(text("SELECT * FROM missing")), select_one]
    results = await asyncio.gather(*map(reader.ask, queries), return_exceptions=True)
    assert [getattr(type(result), "__name__", result) for result in results] == [
        *("int", "LookupError", "int", "OperationalError", "int")
    ]
    assert reader.spy.begin_count == 1


async def test_failed_question_does_not_keep_its_snapshot(reader: SpiedReader) -> None:
    reader.write("a", "b", "c")

    def fail_between_rows(tx: Transaction) -> None:
        result = tx.execute(text("SELECT name FROM note"))
        try:
            {"a": 1}[str(result.fetchone())]
        except KeyError:
            raise LookupError("no") from None

    failure = (await asyncio.gather(reader.ask(fail_between_rows), return_exceptions=True))[0]
    assert isinstance(failure, LookupError)
    reader.write("d")
    assert await reader.ask(read_notes) == {"a", "b", "c", "d"}


async def test_slow_question_holds_up_neither_its_batch_nor_others(reader: SpiedReader) -> None:
    before, slow, *behind = [reader.ask(query) for query in (select_one, run_endless_query, select_one, select_one)]
    assert await asyncio.gather(before, *behind) == [1, 1, 1]
    assert await asyncio.gather(*(reader.ask(select_one) for _ in range(50))) == [1] * 50
    assert not slow.done()
    await cancel([slow])


@pytest.mark.parametrize("query", [run_endless_query, repeat_endless_query])
async def test_cancelled_query_is_interrupted(
    reader: SpiedReader, query: Callable[[Transaction], object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        await cancel(await start_queries(reader, query, 2 * READERS))
        assert await reader.ask(select_one) == 1
    await wait_until(lambda: not reader._running)
    gc.collect()
    assert reader.connections == READERS
    assert caplog.messages == []


async def test_cancelling_a_question_fails_no_other_of_its_batch(reader: SpiedReader) -> None:
    first, cancelled, last = [reader.ask(query) for query in (select_one, repeat_endless_query, select_one)]
    await wait_until(lambda: reader.running == 1)
    await cancel([cancelled])
    assert (await first, await last) == (1, 1)


async def test_cancelled_question_that_waits_is_not_executed(reader: SpiedReader) -> None:
    executed: list[str] = []
    slow = await start_queries(reader, count=READERS)
    waiting = [reader.ask(lambda _tx: executed.append("cancelled")), reader.ask(lambda _tx: executed.append("asked"))]
    waiting[0].cancel()
    await cancel(slow)
    await waiting[1]
    assert executed == ["asked"]


async def test_connection_that_cannot_roll_back_is_replaced(reader: SpiedReader) -> None:
    def refuse(_action: int, operation: str | None, *_: object) -> int:
        return sqlite3.SQLITE_DENY if operation == "ROLLBACK" else sqlite3.SQLITE_OK

    def fail(thread: ConnectionThread) -> None:
        with thread.transaction("BEGIN") as tx:
            driver: Any = tx.connection.dbapi_connection
            driver.set_authorizer(refuse)
            raise LookupError

    def read(thread: ConnectionThread) -> set[str]:
        with thread.transaction("BEGIN") as tx:
            return read_notes(tx)

    thread = ConnectionThread(read_engine(reader.file), "reader")
    with pytest.raises(LookupError):
        await thread.call(fail)
    assert await thread.call(read) == set()
    await thread.close()


async def test_unavailable_file_fails_each_question_until_it_is_there(tmp_path: Path) -> None:
    reader = SpiedReader(tmp_path / "later.db")
    results = await asyncio.gather(*(reader.ask(select_one) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [OperationalError] * 3
    with write_engine(reader.file).begin() as tx:
        notes_table.create(tx)
    assert await reader.ask(read_notes) == set()
    await reader.close()


async def test_closing_interrupts_queries(reader: SpiedReader) -> None:
    running = await start_queries(reader, count=READERS)
    waiting = reader.ask(select_one)
    await reader.close()
    results = await asyncio.gather(*running, waiting, return_exceptions=True)
    assert [type(result) for result in results] == [*[OperationalError] * READERS, asyncio.CancelledError]
    with pytest.raises(StorageUnavailable):
        await reader.ask(select_one)


@pytest.mark.usefixtures("_nothing_is_slow")
async def test_closing_takes_questions_from_running_batches(reader: SpiedReader) -> None:
    may_go_on = threading.Event()
    running, behind = reader.ask(lambda _tx: may_go_on.wait(TIMEOUT_SECONDS)), reader.ask(select_one)
    await wait_until(lambda: reader.running == 1)
    closing = asyncio.create_task(reader.close())
    await asyncio.sleep(0)
    for _ in range(2):
        reader._check()  # its timer may expire while the threads end
    may_go_on.set()
    await closing
    results = await asyncio.gather(running, behind, return_exceptions=True)
    assert [type(result) for result in results] == [bool, asyncio.CancelledError]
    assert reader.connections == 1


async def test_heavy_reads_leave_connections_to_others(database: Database) -> None:
    started = 0

    def heavy_query(tx: Transaction) -> None:
        nonlocal started
        started += 1
        run_endless_query(tx)

    asked = [database.read_heavy(heavy_query) for _ in range(3 * READERS)]
    await wait_until(lambda: started == MAX_HEAVY_READS)
    assert await asyncio.gather(*(database.read(select_one) for _ in range(READERS))) == [1] * READERS
    assert started == MAX_HEAVY_READS
    await cancel(asked[:MAX_HEAVY_READS])
    await wait_until(lambda: started == 2 * MAX_HEAVY_READS)
    await cancel(asked[MAX_HEAVY_READS:])
    assert await database.read_heavy(select_one) == 1
