"""Batching of catch-up reads."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from models.clock import Instant
from models.database import Database
from resolvers.feed import queries
from resolvers.feed.queries import Query
from resolvers.lifecycle.due import flush_due

T = TypeVar("T")

MAX_TRANSACTIONS: Final = 2
"""Concurrent read transactions: a slow one does not block the others, and connections are left for queries."""
MAX_BATCH: Final = 64
"""Reads in one transaction."""


@dataclass(frozen=True, slots=True)
class _ReadRequest:
    now: Instant
    query: Query[Any]
    result: asyncio.Future[Any]


class ReadBatcher:
    """Runs reads that arrive together in one transaction.

    After a restart thousands of streams resume at once, each with a read of its own. A transaction for each would cost
    several times what the reads do.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: list[_ReadRequest] = []
        self._workers = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, now: Instant, query: Query[T]) -> T:
        """Run `query` after the transitions due by `now` are written.

        Raises:
            StorageUnavailable: the database cannot be read at the moment.
        """
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(_ReadRequest(now, query, result))
        if self._workers < MAX_TRANSACTIONS:
            self._workers += 1
            task = asyncio.create_task(self._run_worker(), name="read batcher")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await result

    async def drain(self) -> None:
        await asyncio.gather(*self._tasks)

    async def _run_worker(self) -> None:
        try:
            while self._queue:
                requests = [request for request in self._queue[:MAX_BATCH] if not request.result.done()]
                del self._queue[:MAX_BATCH]
                if requests:
                    await self._resolve(requests)
        finally:
            # Decrement here, not in a done callback: a request queued in between would find no worker.
            self._workers -= 1

    async def _resolve(self, requests: Sequence[_ReadRequest]) -> None:
        try:
            results = await self._execute(requests)
        except Exception as error:  # raised to each caller
            results = [error] * len(requests)
        for request, result in zip(requests, results, strict=True):
            if request.result.done():
                continue  # its caller was cancelled
            if isinstance(result, Exception):
                request.result.set_exception(result)
            else:
                request.result.set_result(result)

    async def _execute(self, requests: Sequence[_ReadRequest]) -> Sequence[Any]:
        now = max(request.now for request in requests)
        batch = [request.query for request in requests]
        results = await self._database.read(queries.run_unless_due, batch, now)
        if results is None:
            await flush_due(self._database, now)
            results = await self._database.read(queries.run_all, batch)
        return results
