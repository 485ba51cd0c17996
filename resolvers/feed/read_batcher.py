"""Questions of streams that begin: those that come while others are answered are answered together.

After a restart a crowd comes back at once, and each stream asks for what it alone has missed. In a transaction of its
own, each would cost several times what its answer does.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from models.clock import Instant
from models.database import Database
from resolvers.feed.queries import ReadTransaction
from resolvers.feed.settling import any_due, flush_due

T = TypeVar("T")

MAX_TRANSACTIONS: Final = 2
"""Transactions: one long answer keeps nobody waiting, and there are connections left for who asks something else."""
MAX_BATCH: Final = 64
"""Questions in one of them."""


@dataclass(frozen=True, slots=True)
class _ReadRequest:
    now: Instant
    query: Callable[[ReadTransaction], Any]
    result: asyncio.Future[Any]


class ReadBatcher:
    """Asks the database, of states in which time has written everything down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: list[_ReadRequest] = []
        self._workers = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, now: Instant, query: Callable[[ReadTransaction], T]) -> T:
        """The answer to a question, of a state in which everything is written down that time has done by `now`.

        Raises:
            StorageUnavailable: the database can't be read now.
        """
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(_ReadRequest(now, query, result))
        if self._workers < MAX_TRANSACTIONS:
            self._workers += 1
            task = asyncio.create_task(self._run_worker(), name="asking")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await result

    async def drain(self) -> None:
        """Wait till what is being answered is."""
        await asyncio.gather(*self._tasks)

    async def _run_worker(self) -> None:
        try:
            while self._queue:
                requests = [request for request in self._queue[:MAX_BATCH] if not request.result.done()]
                del self._queue[:MAX_BATCH]
                if requests:
                    await self._resolve(requests)
        finally:
            # Not when the task is known to be done: who asks before that would wait for one that looks no more.
            self._workers -= 1

    async def _resolve(self, requests: Sequence[_ReadRequest]) -> None:
        try:
            results = await self._execute(requests)
        except Exception as error:  # each of them is told, and says more about it
            results = [error] * len(requests)
        for request, result in zip(requests, results, strict=True):
            if request.result.done():
                continue  # whoever asked has left
            if isinstance(result, Exception):
                request.result.set_exception(result)
            else:
                request.result.set_result(result)

    async def _execute(self, requests: Sequence[_ReadRequest]) -> Sequence[Any]:
        now = max(request.now for request in requests)
        results = await self._database.read(_results_unless_due, requests, now)
        if results is None:
            await flush_due(self._database, now)
            results = await self._database.read(_results, requests)
        return results


def _results_unless_due(tx: Connection, requests: Sequence[_ReadRequest], now: Instant) -> Sequence[Any] | None:
    return None if any_due(tx, now) else _results(tx, requests)


def _results(tx: Connection, requests: Sequence[_ReadRequest]) -> Sequence[Any]:
    """The answers, or what went wrong with a question: which is no other's matter, unless it is the storage's."""
    read_tx, results = ReadTransaction(tx), []
    for request in requests:
        try:
            results.append(request.query(read_tx))
        except OperationalError:
            raise
        except Exception as error:
            results.append(error)
    return results
