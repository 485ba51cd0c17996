"""Group commit: one task owns the writing connection; concurrent writes share a transaction, and its hop."""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Generic, TypeAlias, TypeVar

import structlog

from models.database.connection_thread import ConnectionThread
from models.database.engine import Transaction
from models.database.faults import STORAGE_ERRORS, is_storage_failure
from models.database.health import FileHealth
from models.errors import StorageUnavailable

_log = structlog.get_logger("database")

Item = TypeVar("Item")
Result = TypeVar("Result")

Work = Callable[[Transaction, Item], Result]
"""Processes one item in a transaction.

It may be run again in another transaction, so it must change nothing but the database.
"""

MAX_BATCH: Final = 512
"""Writes per transaction; the rest wait for the next one."""
HISTOGRAM_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, MAX_BATCH)
"""Upper bounds of batch sizes."""


@dataclass(slots=True)
class CommittedChanges:
    """Changes of one commit: a hint to read the log, which alone is complete."""

    session_ids: set[str] = field(default_factory=set)
    """Sessions whose row or timeline changed; without those that other processes changed."""
    project_ids: set[str] = field(default_factory=set)
    """Projects whose row changed."""
    token_ids: set[str] = field(default_factory=set)
    """Tokens that were created or revoked."""
    entries: Counter[tuple[str, str]] = field(default_factory=Counter)
    """New entries of the log, by kind and type."""


CommitListener: TypeAlias = Callable[[CommittedChanges], None]
"""Called by the writer between two transactions, so it must return at once."""


def track_changes(
    tx: Transaction,
    session_ids: Iterable[str] = (),
    entries: Iterable[tuple[str, str]] = (),
    *,
    project_ids: Iterable[str] = (),
    token_ids: Iterable[str] = (),
) -> None:
    """Record for the commit listeners that the transaction changes sessions, projects or tokens, or appends to the log.

    Args:
        tx: the transaction.
        session_ids: the sessions.
        entries: kind and type of each new entry of the log.
        project_ids: the projects.
        token_ids: the tokens.
    """
    changes: CommittedChanges = tx.info.setdefault("changes", CommittedChanges())
    changes.session_ids.update(session_ids)
    changes.entries.update(entries)
    changes.project_ids.update(project_ids)
    changes.token_ids.update(token_ids)


class CommitStats:
    """Counters since the server started."""

    def __init__(self) -> None:
        self.calls = 0
        """Committed writes."""
        self.failures = 0
        """Transactions that failed in the storage."""
        self.by_size = [0] * len(HISTOGRAM_BUCKETS)
        """Committed transactions per bucket of `HISTOGRAM_BUCKETS`."""
        self.entries: Counter[tuple[str, str]] = Counter()
        """Committed entries of the log, by kind and type."""

    def record(self, batch_size: int) -> None:
        self.calls += batch_size
        self.by_size[bisect_left(HISTOGRAM_BUCKETS, batch_size)] += 1


class BatchedWork(Generic[Item, Result]):
    """Work that reads and writes the items of one transaction as a set; `run` returns one result per item, in order."""

    def __init__(self, run: Callable[[Transaction, Sequence[Item]], Sequence[Result]]) -> None:
        self.run = run

    def __call__(self, tx: Transaction, item: Item) -> Result:
        (result,) = self.run(tx, [item])
        return result


def batched(run: Callable[[Transaction, Sequence[Item]], Sequence[Result]]) -> BatchedWork[Item, Result]:
    """Mark a function as work on all items of a transaction at once."""
    return BatchedWork(run)


@dataclass(slots=True)
class _PendingWrite:
    work: Work[Any, Any]
    item: Any
    done: asyncio.Future[Any]
    is_outdated: Callable[[], bool] | None

    def is_ready(self) -> bool:
        """Return whether to execute it. An outdated write fails; one whose caller was cancelled is dropped."""
        if self.done.done():
            return False
        if self.is_outdated is None or not self.is_outdated():
            return True
        self.done.set_exception(StorageUnavailable("the time of this call is past; repeat it"))
        return False


class Writer:
    def __init__(self, thread: ConnectionThread, health: FileHealth) -> None:
        self._thread = thread
        self._health = health
        self.listeners: list[CommitListener] = []
        self.commit_stats = CommitStats()
        self._queue: list[_PendingWrite] = []
        self._wake = asyncio.Event()
        self._closing = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Writer"]:
        """Process writes within the context; on exit, finish those that are queued."""
        task = asyncio.create_task(self._run_loop(), name="writer")
        try:
            yield self
        finally:
            self._closing = True
            self._wake.set()
            await task

    @property
    def waiting(self) -> int:
        return len(self._queue)

    async def run(self, work: Work[Item, Result], item: Item, is_outdated: Callable[[], bool] | None = None) -> Result:
        """Run `work` for `item` in the next transaction, and return its result once that is on disk.

        If the caller is cancelled before the transaction begins, nothing is written; later, the change stays.

        Args:
            work: the function.
            item: its argument.
            is_outdated: called before the transaction: whether the call must not be executed any more.

        Raises:
            StorageUnavailable: the database cannot be written at the moment, or the call is outdated; nothing of it was
                stored.
        """
        return await self._enqueue(work, item, is_outdated)

    async def run_all(
        self, work: Work[Item, Result], items: Sequence[Item], is_outdated: Callable[[], bool] | None = None
    ) -> list[Result]:
        """Run `work` for each of `items`, as `run` does for one. If one of them fails, so does the call."""
        return await asyncio.gather(*(self._enqueue(work, item, is_outdated) for item in items))

    def _enqueue(
        self, work: Work[Item, Result], item: Item, is_outdated: Callable[[], bool] | None
    ) -> asyncio.Future[Result]:
        if self._closing:
            raise StorageUnavailable("the server is stopping")
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append(_PendingWrite(work, item, done, is_outdated))
        self._wake.set()
        return done

    async def _run_loop(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = [write for write in self._queue[:MAX_BATCH] if write.is_ready()]
            del self._queue[:MAX_BATCH]
            await self._execute(batch)

    async def _execute(self, batch: list[_PendingWrite]) -> None:
        """Commit a batch; if one of its writes fails, commit each alone, so that the others succeed."""
        try:
            results = await self._commit(batch)
        except StorageUnavailable as error:
            # The queued writes would wait for the same timeout, one batch after the other.
            _fail([*batch, *self._queue], error)
            self._queue.clear()
        except Exception as error:
            if len(batch) == 1:
                _fail(batch, error)
                return
            for write in batch:
                await self._execute([write])
        else:
            self.commit_stats.record(len(batch))
            for write, result in zip(batch, results, strict=True):
                if not write.done.done():
                    write.done.set_result(result)

    async def _commit(self, batch: list[_PendingWrite]) -> list[Any]:
        self._health.check_writable()
        try:
            results, changes = await self._thread.call(partial(_run_batch, batch))
        except STORAGE_ERRORS as error:
            if not is_storage_failure(error):
                raise
            self.commit_stats.failures += 1
            # Locked by another process, disk full, damaged: the storage's fault, not this call's.
            raise self._health.unavailable(error, "written") from error
        self._health.check_in_place()
        self.commit_stats.entries.update(changes.entries)
        # Before any caller gets its result, as `Database.on_commit` promises.
        if changes.session_ids or changes.project_ids or changes.token_ids:
            for listener in self.listeners:
                _notify(listener, changes)
        return results


def _notify(listener: CommitListener, changes: CommittedChanges) -> None:
    try:
        listener(changes)
    except Exception:
        # It is committed: a failure here would execute each write of the batch again.
        _log.exception("commit listener failed")


def _fail(writes: Sequence[_PendingWrite], error: Exception) -> None:
    for write in writes:
        if not write.done.done():
            write.done.set_exception(error)


def _run_batch(batch: list[_PendingWrite], thread: ConnectionThread) -> tuple[list[Any], CommittedChanges]:
    results: dict[int, Any] = {}
    with thread.transaction("BEGIN IMMEDIATE") as tx:
        # The connection, and with it `info`, is that of the previous transaction.
        changes = tx.info["changes"] = CommittedChanges()
        for work, writes in _group_by_work(batch).items():
            items = [write.item for write in writes]
            group_results = work.run(tx, items) if isinstance(work, BatchedWork) else [work(tx, item) for item in items]
            results |= {id(write): result for write, result in zip(writes, group_results, strict=True)}
    return [results[id(write)] for write in batch], changes


def _group_by_work(batch: list[_PendingWrite]) -> dict[Work[Any, Any], list[_PendingWrite]]:
    """Group writes, in order of the first of each group, so that `work` can read and write rows as sets."""
    groups: dict[Work[Any, Any], list[_PendingWrite]] = {}
    for write in batch:
        groups.setdefault(write.work, []).append(write)
    return groups
