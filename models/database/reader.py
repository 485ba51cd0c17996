"""The connections that only read. A question is asked to its end, or broken off when nobody waits for it any more.

To cancel what awaits the driver would not stop the statement: it would go on in its thread, and take the connection
out of the pool, so that a client that comes and goes could have any number of statements under way.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

INTERRUPT_RETRY_SECONDS: Final = 0.05
"""After which a question is broken off once more: it may have been between two statements."""


@dataclass(slots=True)
class RunningQuery:
    """A question under way."""

    driver: Any = None
    """The driver's connection, while statements may run on it."""
    cancelled: bool = False
    """Whether nobody waits for the answer."""


class Reader:
    """Asks questions of one consistent state of the database each."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._tasks: dict[asyncio.Task[Any], RunningQuery] = {}
        self._interrupts: set[asyncio.Task[None]] = set()

    async def run(self, query: Callable[[Connection], T]) -> T:
        """The answer to a question. Raises what it raises, and OperationalError where nothing can be read."""
        running = RunningQuery()
        task = asyncio.create_task(self._execute(query, running))
        self._tasks[task] = running
        task.add_done_callback(self._forget)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._cancel(task, running)
            raise

    async def close(self) -> None:
        """Break off what is still asked, and close the connections."""
        for task, asking in tuple(self._tasks.items()):
            self._cancel(task, asking)
        await asyncio.gather(*self._interrupts)
        await self._engine.dispose()

    async def _execute(self, query: Callable[[Connection], T], running: RunningQuery) -> T:
        async with self._engine.connect() as connection:
            if running.cancelled:
                raise asyncio.CancelledError  # while it waited for a connection
            assert connection.sync_connection is not None, "it is open"
            running.driver = connection.sync_connection.connection.driver_connection
            try:
                async with connection.begin():
                    return await connection.run_sync(query)
            finally:
                running.driver = None

    def _forget(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]
        if not task.cancelled():
            task.exception()  # whoever waited has it; if nobody does, nobody misses it

    def _cancel(self, task: asyncio.Task[Any], running: RunningQuery) -> None:
        running.cancelled = True
        interrupt = asyncio.create_task(_interrupt(task, running))
        self._interrupts.add(interrupt)
        interrupt.add_done_callback(self._interrupts.discard)


async def _interrupt(task: asyncio.Task[Any], running: RunningQuery) -> None:
    while not task.done():
        if running.driver is not None:
            await running.driver.interrupt()
        await asyncio.wait([task], timeout=INTERRUPT_RETRY_SECONDS)
