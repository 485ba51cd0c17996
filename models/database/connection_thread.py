"""Threads that own a connection each, so that a transaction takes one hop from the event loop and back."""

import asyncio
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, Literal, TypeVar, cast

from sqlalchemy.engine import Connection, Engine

from models.database.statement import execute_sql

T = TypeVar("T")

PROGRESS_STEPS: Final = 2_000_000
"""Virtual machine steps of SQLite (about 30 ms) between two checks for cancellation.

Each check takes the interpreter's lock, for which a busy event loop lets it wait for a switch interval.
"""


class ConnectionThread:
    """A thread and its connection, which opens with the first transaction. Both begin when they are needed."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._connection: Connection | None = None
        self._closing = False
        self.caller: asyncio.Future[Any] | None = None
        """Of the statement that runs; the statement is interrupted once this is cancelled."""

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job in the thread, after those submitted before. It must not raise."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._jobs.put(job)

    async def call(self, function: Callable[["ConnectionThread"], T]) -> T:
        """Run `function` in the thread. It is not interrupted if the caller is cancelled."""
        done: asyncio.Future[T] = self._loop.create_future()

        def job() -> None:
            try:
                result = function(self)
            except BaseException as error:
                close_cursors(error)
                self._loop.call_soon_threadsafe(_resolve, done, None, error)
            else:
                self._loop.call_soon_threadsafe(_resolve, done, result, None)

        self.submit(job)
        return await done

    @contextmanager
    def transaction(self, begin: Literal["BEGIN", "BEGIN IMMEDIATE"]) -> Iterator[Connection]:
        """Begin, and commit or roll back. Called in the thread.

        A deferred transaction that turns into a writer can fail with SQLITE_BUSY_SNAPSHOT, without waiting: what may
        write begins with BEGIN IMMEDIATE.
        """
        tx = self._connection or self._connect()
        execute_sql(tx, begin)
        try:
            yield tx
            execute_sql(tx, "COMMIT")
        except BaseException:
            self._roll_back(tx)
            raise

    def _roll_back(self, tx: Connection) -> None:
        try:
            _driver(tx).rollback()  # of no effect, if the failure ended the transaction
        except tx.dialect.loaded_dbapi.Error:
            # Within its transaction it would refuse each other one: the next transaction opens another connection.
            self._connection = None
            tx.invalidate()

    async def close(self) -> None:
        """Interrupt its statement, close its connection and end it."""
        self._closing = True
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def _connect(self) -> Connection:
        connection = self._connection = self._engine.connect()
        connection.begin()  # one for SQLAlchemy, and of no effect on SQLite: ours begin and end on the driver
        _driver(connection).set_progress_handler(self._is_cancelled, PROGRESS_STEPS)
        return connection

    def _is_cancelled(self) -> bool:
        return self.caller is not None and (self._closing or self.caller.cancelled())

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job  # what it refers to is not kept until the next one
        if self._connection is not None:
            self._connection.close()


def close_cursors(error: BaseException) -> None:
    """Release what the frames of an exception hold.

    A cursor with rows left would keep its snapshot, of which the next transaction of the connection would read.
    """
    raised: BaseException | None = error
    while raised is not None:
        traceback.clear_frames(raised.__traceback__)
        raised = raised.__context__


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _resolve(done: asyncio.Future[T], result: T | None, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(cast("T", result))
    else:
        done.set_exception(error)
