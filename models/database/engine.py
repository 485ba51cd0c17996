"""SQLite engines: one connection that writes, several read-only ones."""

from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

Transaction: TypeAlias = Connection
"""A connection with an open transaction."""

BUSY_TIMEOUT_MS: Final = 4500
"""Wait for a lock that another process holds; a refused call is answered within 6 s on a busy machine, too."""
MAX_WAL_BYTES: Final = 64 * 1024 * 1024
"""Size to which the write-ahead log is truncated after a long read or a large transaction."""
CACHED_STATEMENTS: Final = 256
"""Prepared statements that the driver keeps for each connection; each takes about 10 KB, or 50 µs to prepare."""

# synchronous = FULL: a commit that was acknowledged survives a power loss.
_PRAGMAS: Final = ("foreign_keys = ON", "temp_store = MEMORY")
_WRITER_PRAGMAS: Final = ("journal_mode = WAL", "synchronous = FULL", f"journal_size_limit = {MAX_WAL_BYTES}")
_READER_PRAGMAS: Final = ("query_only = ON", "wal_autocheckpoint = 0")


def write_engine(file: Path) -> Engine:
    return _create_engine(file, "rwc", (*_PRAGMAS, *_WRITER_PRAGMAS))


def read_engine(file: Path) -> Engine:
    return _create_engine(file, "ro", (*_PRAGMAS, *_READER_PRAGMAS))


def _create_engine(file: Path, mode: str, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(
        f"sqlite:///file:{quote(str(file.absolute()))}?mode={mode}&uri=true",
        connect_args={"cached_statements": CACHED_STATEMENTS},
        poolclass=NullPool,  # each thread keeps its connection
        hide_parameters=True,  # error messages may be logged, and must not contain what clients sent
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # Otherwise the driver begins transactions by itself, and only before the first write.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (f"busy_timeout = {BUSY_TIMEOUT_MS}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
