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

AGAIN_SECONDS: Final = 0.05
"""After which a question is broken off once more: it may have been between two statements."""


@dataclass(slots=True)
class Asking:
    """A question under way."""

    driver: Any = None
    """The driver's connection, while statements may run on it."""
    given_up: bool = False
    """Whether nobody waits for the answer."""


class Reader:
    """Asks questions of one consistent state of the database each."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._tasks: dict[asyncio.Task[Any], Asking] = {}
        self._ends: set[asyncio.Task[None]] = set()

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """The answer to a question. Raises what it raises, and OperationalError where nothing can be read."""
        asking = Asking()
        task = asyncio.create_task(self._answer(question, asking))
        self._tasks[task] = asking
        task.add_done_callback(self._over)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._give_up(task, asking)
            raise

    async def close(self) -> None:
        """Break off what is still asked, and close the connections."""
        for task, asking in tuple(self._tasks.items()):
            self._give_up(task, asking)
        await asyncio.gather(*self._ends)
        await self._engine.dispose()

    async def _answer(self, question: Callable[[Connection], T], asking: Asking) -> T:
        async with self._engine.connect() as connection:
            if asking.given_up:
                raise asyncio.CancelledError  # while it waited for a connection
            assert connection.sync_connection is not None, "it is open"
            asking.driver = connection.sync_connection.connection.driver_connection
            try:
                async with connection.begin():
                    return await connection.run_sync(question)
            finally:
                asking.driver = None

    def _over(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]
        if not task.cancelled():
            task.exception()  # whoever waited has it; if nobody does, nobody misses it

    def _give_up(self, task: asyncio.Task[Any], asking: Asking) -> None:
        asking.given_up = True
        end = asyncio.create_task(_break_off(task, asking))
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)


async def _break_off(task: asyncio.Task[Any], asking: Asking) -> None:
    while not task.done():
        if asking.driver is not None:
            await asking.driver.interrupt()
        await asyncio.wait([task], timeout=AGAIN_SECONDS)
