"""The database: opened under its lock, migrated, read by many, written by one."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import select
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database.change_tracker import CommitListener, CommittedChanges
from models.database.commits import CommitStats
from models.database.engine import READERS, read_engine, write_engine
from models.database.lock import LOCK_TIMEOUT_SECONDS, file_lock
from models.database.reader import Reader
from models.database.writer import Item, Result, Work, Writer
from models.errors import DatabaseUnusable, StorageUnavailable
from models.migrations import is_current, migrate
from models.tables import server

P = ParamSpec("P")
T = TypeVar("T")


MAX_HEAVY_READS: Final = READERS // 2
"""How many connections may be busy with long questions."""


def database_file(url: str) -> Path:
    """The file that a database URL such as `sqlite:///sessions.db` names; a plain path names itself.

    Raises:
        ValueError: it names no SQLite file.
    """
    if "://" not in url:
        if not url:
            raise ValueError("must be the path of a SQLite file, or sqlite:///path")
        return Path(url)
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise ValueError("must be the path of a SQLite file, or sqlite:///path")
    return Path(str(parsed.database))


class Database:
    """What the resolvers see of the storage."""

    def __init__(self, file: Path, reader: Reader, writer: Writer, database_id: str) -> None:
        self._wal = file.with_name(file.name + "-wal")
        self._reader = reader
        self._writer = writer
        self._heavy_reads = asyncio.Semaphore(MAX_HEAVY_READS)
        self.identity = database_id
        """What no other database is called, which cursors carry."""

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer to `question(connection, …)`, asked of one consistent state of the database.

        Whoever is cancelled meanwhile leaves nothing running.

        Raises:
            StorageUnavailable: the database can't be read now.
        """
        try:
            return await self._reader.run(lambda connection: query(connection, *args, **kwargs))
        except OperationalError as error:
            raise StorageUnavailable("the database cannot be read at the moment; repeat the call") from error

    async def read_heavy(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for a question that may take its time: few of them are asked at once, and others need not wait.

        Raises:
            StorageUnavailable: the database can't be read now.
        """
        async with self._heavy_reads:
            return await self.read(query, *args, **kwargs)

    async def write(self, work: Work[Item, Result], item: Item) -> Result:
        """Do `work` for `item` and answer when it is on disk: see `models.database.writer`."""
        return await self._writer.run(work, item)

    @contextmanager
    def on_commit(self, listener: CommitListener) -> Iterator[None]:
        """Tell `listener` of every commit that changed sessions, before the callers have their answers."""
        self._writer.listeners.append(listener)
        try:
            yield
        finally:
            self._writer.listeners.remove(listener)

    @property
    def commit_stats(self) -> CommitStats:
        """What was committed so far."""
        return self._writer.commit_stats

    @property
    def wal_bytes(self) -> int:
        """The length of the write-ahead log, in bytes."""
        try:
            return self._wal.stat().st_size
        except FileNotFoundError:
            return 0

    async def is_ready(self) -> bool:
        """Whether it answers and its migrations are current."""
        return await self.read(is_current)


@asynccontextmanager
async def open_database(file: Path, *, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> AsyncIterator[Database]:
    """The database in `file`, made or migrated where needed, for this process alone.

    Raises:
        DatabaseInUse: another server has it.
        DatabaseOutdated: it is from a later version of this program.
        DatabaseUnusable: it is no database of this program's.
        OSError: the file's folder is not there, or closed to this program.
    """
    with file_lock(file, timeout=lock_timeout):
        _check_openable(file)
        writing, reader = write_engine(file), Reader(read_engine(file))
        try:
            database_id = await _migrate(file, writing)
            writer = Writer(writing)
            async with writer.running():
                yield Database(file, reader, writer, database_id)
        finally:
            await reader.close()
            await writing.dispose()


def _check_openable(file: Path) -> None:
    """See whether SQLite can open the file, before a pool of connections is built on it."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{file} cannot be used as the database: {error}") from error


async def _migrate(file: Path, engine: AsyncEngine) -> str:
    """Bring the tables up to date; the identity of the database."""
    try:
        async with engine.connect() as connection, connection.begin():
            await connection.run_sync(migrate)
            return str((await connection.execute(select(server.c.database_id))).scalar_one())
    except DBAPIError as error:
        raise DatabaseUnusable(f"{file} cannot be used as the database: {error.orig}") from error


__all__ = ["CommitListener", "CommittedChanges", "Database", "database_file", "open_database"]
