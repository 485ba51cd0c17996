"""Read transactions, interrupted on cancellation.

Cancelling a coroutine that awaits the driver does not stop the statement: it would run on in its thread and occupy a
connection of the pool, so clients that disconnect and retry could start any number of statements.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from models.database.engine import Transaction

T = TypeVar("T")

INTERRUPT_RETRY_SECONDS: Final = 0.05


@dataclass(slots=True)
class RunningQuery:
    driver: Any = None
    """The driver's connection, while statements may run on it."""
    cancelled: bool = False


class Reader:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._tasks: dict[asyncio.Task[Any], RunningQuery] = {}
        self._interrupts: set[asyncio.Task[None]] = set()

    async def run(self, query: Callable[[Transaction], T]) -> T:
        """Run a query in a read transaction.

        Propagates the exceptions of the query; OperationalError if the database is unreadable.
        """
        running = RunningQuery()
        task = asyncio.create_task(self._execute(query, running))
        self._tasks[task] = running
        task.add_done_callback(self._forget)
        try:
            # Without the shield, SQLAlchemy would invalidate the connection, and the pool would open another one.
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._cancel(task, running)
            raise

    async def close(self) -> None:
        """Interrupt running queries and close the connections."""
        for task, running in tuple(self._tasks.items()):
            self._cancel(task, running)
        await asyncio.gather(*self._interrupts)
        await self._engine.dispose()

    async def _execute(self, query: Callable[[Transaction], T], running: RunningQuery) -> T:
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
            task.exception()  # marks it as retrieved: the caller may have been cancelled, and asyncio would log it

    def _cancel(self, task: asyncio.Task[Any], running: RunningQuery) -> None:
        running.cancelled = True
        interrupt = asyncio.create_task(_interrupt(task, running))
        self._interrupts.add(interrupt)
        interrupt.add_done_callback(self._interrupts.discard)


async def _interrupt(task: asyncio.Task[Any], running: RunningQuery) -> None:
    # Repeated, because an interrupt between two statements has no effect.
    while not task.done():
        if running.driver is not None:
            await running.driver.interrupt()
        await asyncio.wait([task], timeout=INTERRUPT_RETRY_SECONDS)
