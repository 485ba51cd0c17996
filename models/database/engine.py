"""Connections to SQLite: one that writes and checkpoints, a few that only read."""

from pathlib import Path
from threading import Event
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

READERS: Final = 4
PROGRESS_STEPS: Final = 4_000_000
"""After how many steps of its virtual machine (some 60 ms) SQLite asks whether anybody still waits for the answer."""
BUSY_TIMEOUT_MS: Final = 5000
"""How long a statement waits for a lock that a foreign process holds."""

MAX_WAL_BYTES: Final = 64 * 1024 * 1024
"""To what the log beside the file shrinks again after a long reader or a large transaction has made it grow."""

_PRAGMAS: Final = ("foreign_keys = ON", "temp_store = MEMORY")
_WRITER_PRAGMAS: Final = ("journal_mode = WAL", "synchronous = FULL", f"journal_size_limit = {MAX_WAL_BYTES}")
_READER_PRAGMAS: Final = ("query_only = ON", "wal_autocheckpoint = 0")


def write_engine(file: Path) -> AsyncEngine:
    """The one connection that writes. Its transactions take the write lock when they begin, never half-way."""
    return _create_engine(file, "rwc", (*_PRAGMAS, *_WRITER_PRAGMAS), begin="BEGIN IMMEDIATE", size=1)


def read_engine(file: Path) -> AsyncEngine:
    """Connections that cannot write; each transaction sees one state of the database from first to last.

    A statement whose caller is cancelled stops.
    """
    engine = _create_engine(file, "ro", (*_PRAGMAS, *_READER_PRAGMAS), begin="BEGIN", size=READERS)
    _interrupt_cancelled(engine)
    return engine


def _interrupt_cancelled(engine: AsyncEngine) -> None:
    """A connection whose statement was cancelled is given up, but cannot be closed before that comes to its end."""

    @event.listens_for(engine.sync_engine, "connect")
    def _install_handler(connection: Any, record: Any) -> None:
        cancelled = record.info["abandoned"] = Event()
        connection.run_async(lambda driver: driver.set_progress_handler(cancelled.is_set, PROGRESS_STEPS))

    @event.listens_for(engine.sync_engine, "invalidate")
    def _mark_cancelled(_connection: Any, record: Any, _error: BaseException | None) -> None:
        record.info["abandoned"].set()


def _create_engine(file: Path, mode: str, pragmas: tuple[str, ...], *, begin: str, size: int) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///file:{quote(str(file.absolute()))}?mode={mode}&uri=true",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,  # what clients sent has no place in a message, which may come to the log
        pool_reset_on_return=None,  # every transaction here ends itself; a second ROLLBACK is a wasted hop
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # Without this the driver begins transactions by itself, and only before the first write.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (f"busy_timeout = {BUSY_TIMEOUT_MS}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
