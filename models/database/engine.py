"""SQLite engines: one writing connection, a pool of read-only ones."""

from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

Transaction: TypeAlias = Connection
"""A connection with an open transaction."""

READERS: Final = 4
PROGRESS_STEPS: Final = 4_000_000
"""Virtual machine steps of SQLite (about 60 ms) between two checks for cancellation."""
BUSY_TIMEOUT_MS: Final = 4500
"""Wait for a lock that another process holds; a refused call is answered within 6 s on a busy machine, too."""
MAX_WAL_BYTES: Final = 64 * 1024 * 1024
"""Size to which the write-ahead log is truncated after a long read or a large transaction."""

# synchronous = FULL: a commit that was acknowledged survives a power loss.
_PRAGMAS: Final = ("foreign_keys = ON", "temp_store = MEMORY")
_WRITER_PRAGMAS: Final = ("journal_mode = WAL", "synchronous = FULL", f"journal_size_limit = {MAX_WAL_BYTES}")
_READER_PRAGMAS: Final = ("query_only = ON", "wal_autocheckpoint = 0")


def write_engine(file: Path) -> AsyncEngine:
    """Create the engine of the writer; its transactions take the write lock when they begin."""
    # A deferred transaction that turns into a writer can fail with SQLITE_BUSY_SNAPSHOT, without waiting.
    return _create_engine(file, "rwc", (*_PRAGMAS, *_WRITER_PRAGMAS), begin="BEGIN IMMEDIATE", size=1)


def read_engine(file: Path) -> AsyncEngine:
    """Create the engine of the readers; each transaction reads one snapshot of the database."""
    engine = _create_engine(file, "ro", (*_PRAGMAS, *_READER_PRAGMAS), begin="BEGIN", size=READERS)
    _interrupt_cancelled(engine)
    return engine


def _interrupt_cancelled(engine: AsyncEngine) -> None:
    # SQLAlchemy invalidates a connection whose statement is cancelled, but cannot close it while the statement runs.
    @event.listens_for(engine.sync_engine, "connect")
    def _install_handler(connection: Any, record: Any) -> None:
        cancelled = record.info["cancelled"] = Event()
        connection.run_async(lambda driver: driver.set_progress_handler(cancelled.is_set, PROGRESS_STEPS))

    @event.listens_for(engine.sync_engine, "invalidate")
    def _mark_cancelled(_connection: Any, record: Any, _error: BaseException | None) -> None:
        record.info["cancelled"].set()


def _create_engine(file: Path, mode: str, pragmas: tuple[str, ...], *, begin: str, size: int) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///file:{quote(str(file.absolute()))}?mode={mode}&uri=true",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,  # error messages may be logged, and must not contain what clients sent
        pool_reset_on_return=None,  # every transaction is ended explicitly; a second ROLLBACK costs a thread hop
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # Otherwise the driver begins transactions by itself, and only before the first write.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (f"busy_timeout = {BUSY_TIMEOUT_MS}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "begin", partial(Connection.exec_driver_sql, statement=begin))
    return engine
