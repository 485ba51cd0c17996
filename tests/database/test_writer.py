"""Writer: group commit, isolation of failures, and locks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from models.database import Transaction, open_database
from models.database import engine as engines
from models.database.connection_thread import ConnectionThread
from models.database.engine import read_engine, write_engine
from models.database.health import FileHealth
from models.database.writer import Writer
from models.errors import DatabaseInUse, StorageUnavailable
from tests.api_client import ApiClient
from tests.database.harness import EngineSpy, notes_table, read_notes, write_locked, write_notes


class Notes:
    """A writer of one table."""

    def __init__(self, file: Path, thread: ConnectionThread) -> None:
        self.file = file
        self.writer = Writer(thread, FileHealth(file))
        self.spy = EngineSpy(thread._engine)

    async def write(self, name: str) -> str:
        return await self.writer.run(write_notes, name)

    async def read(self) -> set[str]:
        with read_engine(self.file).connect() as connection:
            return read_notes(connection)


@asynccontextmanager
async def open_notes(file: Path) -> AsyncIterator[Notes]:
    engine = write_engine(file)
    with engine.connect() as connection:
        notes_table.create(connection)
    thread = ConnectionThread(engine, "writer")
    notes = Notes(file, thread)
    try:
        async with notes.writer.running():
            yield notes
    finally:
        await thread.close()


@pytest.fixture
async def notes(tmp_path: Path) -> AsyncIterator[Notes]:
    async with open_notes(tmp_path / "notes.db") as notes:
        yield notes


async def test_writes_during_a_commit_share_the_next_transaction(notes: Notes) -> None:
    first = asyncio.create_task(notes.write("first"))
    await notes.spy.transaction_begun.wait()
    names = [f"n{number}" for number in range(100)]
    results = await asyncio.gather(*(notes.write(name) for name in names))
    assert await first == "FIRST"
    assert results == [name.upper() for name in names]
    assert (notes.spy.begin_count, notes.spy.commit_count) == (2, 2)
    assert await notes.read() == {"first", *names}


async def test_failing_write_does_not_fail_its_batch(notes: Notes) -> None:
    await notes.write("existing")
    names = ["a", "bad", "b", "existing", "c"]
    results = await asyncio.gather(*(notes.write(name) for name in names), return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["str", "ValueError", "str", "IntegrityError", "str"]
    assert await notes.read() == {"a", "b", "c", "existing"}


async def test_write_cancelled_in_the_queue_is_dropped(notes: Notes) -> None:
    first = asyncio.create_task(notes.write("first"))
    await notes.spy.transaction_begun.wait()
    writes = [asyncio.create_task(notes.write(name)) for name in ("a", "b", "c")]
    await asyncio.sleep(0)
    writes[1].cancel()
    results = await asyncio.gather(first, *writes, return_exceptions=True)
    assert [result for result in results if isinstance(result, str)] == ["FIRST", "A", "C"]
    assert await notes.read() == {"first", "a", "c"}


async def test_write_cancelled_in_its_transaction_is_committed(notes: Notes) -> None:
    write = asyncio.create_task(notes.write("a"))
    await notes.spy.transaction_begun.wait()
    write.cancel()
    assert await notes.write("b") == "B"
    assert write.cancelled()
    assert await notes.read() == {"a", "b"}


async def test_closing_finishes_queued_writes(tmp_path: Path) -> None:
    async with open_notes(tmp_path / "notes.db") as notes:
        writes = [asyncio.create_task(notes.write(f"n{number}")) for number in range(600)]
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*writes)) == len(await notes.read()) == 600
    with pytest.raises(StorageUnavailable):
        await notes.write("late")


async def test_calls_for_one_session_in_one_transaction_all_count(api: ApiClient) -> None:
    session = await api.start_user(path=["home"])
    spy = EngineSpy(api.app.state.services.database._writer._thread._engine)
    calls = [("keepaliveSession", {"path": [name]}) for name in "ab"] + [("hideSession", {}), ("stopSession", {})]
    payloads = await asyncio.gather(
        *(api.mutate(call, {"id": session["id"], **values}, "revision") for call, values in calls)
    )
    assert sorted(payload["session"]["revision"] for payload in payloads) == [2, 3, 4, 5]
    assert await api.activity_types(session["id"]) == ["STARTED", "MOVED", "MOVED", "HIDDEN", "STOPPED"]
    assert spy.commit_count < len(calls)


async def test_short_lock_of_another_process_delays_writes(notes: Notes) -> None:
    assert engines.BUSY_TIMEOUT_MS >= 3_000
    with write_locked(notes.file) as other:
        writes = [asyncio.create_task(notes.write(name)) for name in "abc"]
        _, waiting = await asyncio.wait(writes, timeout=0.3)
        assert waiting == set(writes)
        other.execute("ROLLBACK")
        assert await asyncio.gather(*writes) == ["A", "B", "C"]


async def test_long_lock_fails_queued_writes_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 300)
    async with open_notes(tmp_path / "notes.db") as notes:
        with write_locked(notes.file):
            first = asyncio.create_task(notes.write("a"))
            await notes.spy.transaction_begun.wait()
            results = await asyncio.gather(first, notes.write("b"), notes.write("c"), return_exceptions=True)
        assert [type(result) for result in results] == [StorageUnavailable] * 3
        assert notes.spy.begin_count == 1
        assert await notes.write("d") == "D"
        assert await notes.read() == {"d"}


def limit_pages(tx: Transaction, count: int) -> None:
    tx.execute(text(f"PRAGMA max_page_count = {count}"))


async def test_writer_recovers_from_a_full_disk(notes: Notes) -> None:
    await notes.writer.run(limit_pages, 20)
    with pytest.raises(StorageUnavailable):
        await notes.write("x" * 200_000)
    assert await notes.read() == set()
    assert await notes.write("small") == "SMALL"
    await notes.writer.run(limit_pages, 2_000)
    assert len(await notes.write("y" * 200_000)) == 200_000


@pytest.mark.parametrize("name", ["test.db", "link.db"])
async def test_second_server_on_a_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "test.db")
    async with open_database(tmp_path / "test.db") as first:
        with pytest.raises(DatabaseInUse, match="another process uses the database"):
            async with open_database(tmp_path / name, lock_timeout=0.1):
                pass
        assert await first.is_ready()
    async with open_database(tmp_path / name, lock_timeout=0) as second:
        assert await second.is_ready()


async def test_failing_commit_listener_repeats_no_write(api: ApiClient) -> None:
    def fail(_changes: object) -> None:
        raise MemoryError

    with api.app.state.services.database.on_commit(fail), capture_logs() as log:
        await asyncio.gather(*(api.start_user() for _ in range(5)))
    assert await api.execute("{ sessions { totalCount } }") == {"totalCount": 5}
    assert {line["event"] for line in log if line["log_level"] == "error"} == {"commit listener failed"}
