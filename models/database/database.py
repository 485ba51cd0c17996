"""Facade of the storage, and opening it."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from models.database.connection_thread import ConnectionThread
from models.database.engine import Transaction, read_engine, write_engine
from models.database.faults import STORAGE_ERRORS, describe_fault, is_storage_failure
from models.database.file_check import check_before_open, wal_file
from models.database.health import FileHealth
from models.database.lock import LOCK_TIMEOUT_SECONDS, file_lock
from models.database.reader import Reader
from models.database.writer import CommitListener, CommitStats, Item, Result, Work, Writer
from models.durable_folder import sync_folder
from models.errors import DatabaseUnusable, DatabaseVersionError, StorageUnavailable
from models.migrations import is_current, migrate
from models.tables import server

P = ParamSpec("P")
T = TypeVar("T")
Closable = TypeVar("Closable", ConnectionThread, Reader)

_URL_PATTERN: Final = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)

READERS: Final = 4
"""Connections for reads, of which one serves as long as none takes long."""
MAX_HEAVY_READS: Final = 2
"""Connections for slow queries, apart from those."""


def database_file(url: str) -> Path:
    """Parse a database URL such as `sqlite:///sessions.db`, or a plain path.

    Raises:
        ValueError: it names no SQLite file.
    """
    path: str | None = url
    if _URL_PATTERN.match(url):
        try:
            parsed = make_url(url)
        except ArgumentError:
            path = None
        else:
            path = parsed.database if parsed.get_backend_name() == "sqlite" else None
    if path in (None, "", ":memory:"):
        raise ValueError("must be the path of a SQLite file, or sqlite:///path")
    return Path(str(path))


class Database:
    def __init__(
        self, health: FileHealth, reader: Reader, heavy_reader: Reader, writer: Writer, database_id: str
    ) -> None:
        self._health = health
        self._wal = wal_file(health.file)
        self._reader = reader
        self._heavy_reader = heavy_reader
        self._writer = writer
        self.database_id = database_id
        """Unique id of this database; embedded in cursors."""

    def read(
        self, query: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Future[T]:
        """Run `query(tx, …)` in a read transaction; cancelling the call interrupts the statement.

        Raises:
            StorageUnavailable: the database cannot be read at the moment.
        """
        return self._reader.ask(lambda tx: query(tx, *args, **kwargs))

    def read_heavy(
        self, query: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Future[T]:
        """Like `read`, for slow queries: at most `MAX_HEAVY_READS` run concurrently, so point reads never starve."""
        return self._heavy_reader.ask(lambda tx: query(tx, *args, **kwargs))

    async def write(
        self, work: Work[Item, Result], item: Item, is_outdated: Callable[[], bool] | None = None
    ) -> Result:
        """Run `work` for `item` in the next write transaction; see `Writer.run`."""
        return await self._writer.run(work, item, is_outdated)

    async def write_all(
        self, work: Work[Item, Result], items: Sequence[Item], is_outdated: Callable[[], bool] | None = None
    ) -> list[Result]:
        """Run `work` for each of `items` in the next write transactions; see `Writer.run`."""
        return await self._writer.run_all(work, items, is_outdated)

    @contextmanager
    def on_commit(self, listener: CommitListener) -> Iterator[None]:
        """Call `listener` after commits that changed sessions, projects or tokens, before callers get their results."""
        self._writer.listeners.append(listener)
        try:
            yield
        finally:
            self._writer.listeners.remove(listener)

    @property
    def commit_stats(self) -> CommitStats:
        return self._writer.commit_stats

    @property
    def writes_waiting(self) -> int:
        """Writes that wait for the next transaction."""
        return self._writer.waiting

    @property
    def wal_bytes(self) -> int:
        try:
            return self._wal.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def sync_failure(self) -> str | None:
        """Why nothing is written any more, and the server has to be restarted; None if no sync has failed."""
        return self._health.sync_failure

    async def is_ready(self) -> bool:
        """Check that the database can be read and is not damaged, and that its migrations are current."""
        return await self.read(is_current) and (self._health.damage or self._health.sync_failure) is None

    @contextmanager
    def reporting_to_operator(self) -> Iterator[None]:
        """Convert a failure of the storage, while there are no callers yet, to one for the operator.

        Raises:
            DatabaseUnusable: with the file, what is wrong, and what to do.
        """
        try:
            yield
        except StorageUnavailable as error:
            cause = self._health.damage or describe_fault(self._health.file, error.__cause__ or error)
            raise DatabaseUnusable(cause) from error
        self._health.is_logged = True


@asynccontextmanager
async def open_database(file: Path, *, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> AsyncIterator[Database]:
    """Open `file` for this process alone, creating or migrating its tables.

    Raises:
        DatabaseInUse: another server holds the lock.
        DatabaseVersionError: a later version of this program migrated it.
        DatabaseUnusable: it is not a whole database of this program, or this user cannot use it.
    """
    with file_lock(file, timeout=lock_timeout) as was_used:
        check_before_open(file, was_used=was_used)
        async with _closed(ConnectionThread(write_engine(file), "writer")) as thread:
            with _private_if_new(file):
                database_id = await _migrate(file, thread)
            _sync_folder(file)
            health = FileHealth(file)
            explain = partial(_explain, health)
            async with (
                _closed(Reader(read_engine(file), READERS, explain)) as reader,
                _closed(Reader(read_engine(file), MAX_HEAVY_READS, explain)) as heavy_reader,
                Writer(thread, health).running() as writer,
            ):
                yield Database(health, reader, heavy_reader, writer, database_id)


async def migrate_database(file: Path) -> None:
    """Create the database, or bring its tables to the newest version. Raises what `open_database` does."""
    async with open_database(file):
        pass


@contextmanager
def _private_if_new(file: Path) -> Iterator[None]:
    """Create the database, and with its mode its log, for this user alone: they hold the data of all clients."""
    mask = os.umask(0o177) if not file.exists() else None
    try:
        yield
    finally:
        if mask is not None:
            os.umask(mask)


def _sync_folder(file: Path) -> None:
    """Make the names of the database and of its log durable: SQLite does so as well, but ignores a failure.

    Raises:
        DatabaseUnusable: it failed.
    """
    try:
        sync_folder(file.resolve().parent)
    except OSError as error:
        raise DatabaseUnusable(f"{file} cannot be read or written: check its disk ({error.strerror})") from error


@asynccontextmanager
async def _closed(opened: Closable) -> AsyncIterator[Closable]:
    try:
        yield opened
    finally:
        await opened.close()


def _explain(health: FileHealth, error: Exception) -> Exception:
    """Return the exception that the caller of a read gets."""
    if not isinstance(error, STORAGE_ERRORS) or not is_storage_failure(error):
        return error
    unavailable = health.unavailable(error, "read")
    unavailable.__cause__ = error
    return unavailable


async def _migrate(file: Path, thread: ConnectionThread) -> str:
    """Migrate the tables, and return the id of the database."""
    try:
        return await thread.call(_migrate_in_thread)
    except DBAPIError as error:
        raise DatabaseUnusable(describe_fault(file, error)) from error
    except DatabaseVersionError as error:
        raise DatabaseVersionError(f"{file} {error}") from error


def _migrate_in_thread(thread: ConnectionThread) -> str:
    with thread.transaction("BEGIN IMMEDIATE") as tx:
        migrate(tx)
        return str(tx.execute(select(server.c.database_id)).scalar_one())
