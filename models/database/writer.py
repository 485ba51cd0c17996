"""The writer: one task owns the one connection that writes, and calls that arrive together share a commit.

While a transaction commits, new calls collect; they become the next transaction. Calls of one kind of work are
handed to it together, so that it can read and write their rows as sets. Every caller waits until its own change
is on disk.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database import change_tracker
from models.database.change_tracker import CommitListener, CommittedChanges
from models.database.commits import CommitStats
from models.errors import StorageUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

Work = Callable[[Connection, Sequence[Item]], Sequence[Result]]
"""Does the work for several calls in a transaction that is open, and answers each, in order.

It may run again from the start, in another transaction: it must not change anything but the database.
"""

MAX_BATCH: Final = 512
"""Calls in one transaction; the rest wait for the next one."""


@dataclass(slots=True)
class _PendingWrite:
    work: Work[Any, Any]
    item: Any
    done: asyncio.Future[Any]


class Writer:
    """Everything that changes the database goes through `run`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.listeners: list[CommitListener] = []
        """Told of every commit that changed sessions, before its callers have their answers."""
        self.commit_stats = CommitStats()
        self._queue: list[_PendingWrite] = []
        self._wake = asyncio.Event()
        self._closing = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work while the context lasts; leaving it finishes what was handed in."""
        task = asyncio.create_task(self._run_loop(), name="writer")
        try:
            yield
        finally:
            self._closing = True
            self._wake.set()
            await task

    async def run(self, work: Work[Item, Result], item: Item) -> Result:
        """Do `work` for `item` in the next transaction, and answer when that is on disk.

        A caller that is cancelled before its transaction begins leaves no trace; later, the change stays.

        Raises:
            StorageUnavailable: the database can't be written now; nothing of this call was kept.
        """
        if self._closing:
            raise StorageUnavailable("the server is stopping")
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append(_PendingWrite(work, item, done))
        self._wake.set()
        return await done

    async def _run_loop(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = [call for call in self._queue[:MAX_BATCH] if not call.done.done()]
            del self._queue[:MAX_BATCH]
            await self._execute(batch)

    async def _execute(self, batch: list[_PendingWrite]) -> None:
        """Commit a batch whole, or, where that fails, each call alone: one that fails takes no neighbour along."""
        try:
            results = await self._commit(batch)
        except StorageUnavailable as error:
            # Who came meanwhile has waited as well, and would wait as long again.
            _fail([*batch, *self._queue], error)
            self._queue.clear()
        except Exception as error:
            if len(batch) == 1:
                _fail(batch, error)
                return
            for call in batch:
                await self._execute([call])
        else:
            self.commit_stats.record(len(batch))
            for call, result in zip(batch, results, strict=True):
                if not call.done.done():
                    call.done.set_result(result)

    async def _commit(self, batch: list[_PendingWrite]) -> list[Any]:
        try:
            async with self._engine.connect() as connection, connection.begin():
                results, committed = await connection.run_sync(_run_batch, batch)
        except OperationalError as error:
            self.commit_stats.failures += 1
            # Locked by a foreign process, disk full, or an I/O error: about the storage, not about the call.
            raise StorageUnavailable("the database cannot be written at the moment; repeat the call") from error
        if committed.session_ids:
            for listener in self.listeners:
                listener(committed)
        return results


def _fail(writes: Sequence[_PendingWrite], error: Exception) -> None:
    for call in writes:
        if not call.done.done():
            call.done.set_exception(error)


def _run_batch(connection: Connection, batch: list[_PendingWrite]) -> tuple[list[Any], CommittedChanges]:
    change_tracker.reset(connection)
    results: dict[int, Any] = {}
    for work, calls in _group_by_work(batch).items():
        group_results = work(connection, [call.item for call in calls])
        results |= {id(call): answer for call, answer in zip(calls, group_results, strict=True)}
    return [results[id(call)] for call in batch], change_tracker.collect(connection)


def _group_by_work(batch: list[_PendingWrite]) -> dict[Work[Any, Any], list[_PendingWrite]]:
    """Calls of the same work side by side, each work where its first call stood."""
    groups: dict[Work[Any, Any], list[_PendingWrite]] = {}
    for call in batch:
        groups.setdefault(call.work, []).append(call)
    return groups
