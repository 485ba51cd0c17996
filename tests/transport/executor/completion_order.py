"""The order in which awaitables complete: one at a time, each when nothing else can run.

So it depends on the awaitables alone, and not on how an executor arranges its tasks.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from random import Random
from typing import Any, Final, TypeVar

T = TypeVar("T")

MAX_WAIT_SECONDS: Final = 10.0
"""Time for work that has no turn."""


def keyed_random(seed: str, key: str) -> Random:
    """Return a generator that depends on nothing but these texts."""
    return Random(f"{seed}/{key}")  # noqa: S311 - repeatable, not secret


class CompletionOrder:
    """Lets awaitables complete in an order that follows from their keys."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._running: set[asyncio.Future[Any]] = set()
        self._arrival = asyncio.Event()

    def turn(self, key: str) -> asyncio.Future[None]:
        """Return a future that is done when it is this key's turn; of equal keys, the first one is done first."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((keyed_random(self._seed, key).random(), next(self._numbers), future))
        self._arrival.set()
        return future

    async def run_in_turn(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """Run what waits for more than the event loop, when it is this key's turn, and nothing else meanwhile."""
        await self.turn(key)
        task = asyncio.ensure_future(work())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await task

    async def run(self, awaitable: Awaitable[T]) -> T:
        """Await a result; then let all that was left behind complete too."""
        task = asyncio.ensure_future(awaitable)
        while not task.done() or self._waiting:
            await _until_idle()
            if self._running:
                await asyncio.wait(self._running)
            elif not self._complete_next() and not task.done():
                await self._progress(task)
        return task.result()

    async def _progress(self, task: asyncio.Future[Any]) -> None:
        """Wait for the result, or for one more that waits for its turn."""
        self._arrival.clear()
        arrival = asyncio.ensure_future(self._arrival.wait())
        done, _ = await asyncio.wait({task, arrival}, timeout=MAX_WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        arrival.cancel()
        assert done, "the result waits for nothing"

    def _complete_next(self) -> bool:
        """Complete the awaitable whose turn it is; false if there is none."""
        self._waiting = [each for each in self._waiting if not each[2].done()]  # those that were cancelled
        if not self._waiting:
            return False
        first = min(self._waiting)
        self._waiting.remove(first)
        first[2].set_result(None)
        return True


async def _until_idle() -> None:
    """Return when no task but this one can run."""
    loop: Any = asyncio.get_running_loop()
    await asyncio.sleep(0)
    while loop._ready:  # noqa: ASYNC110 - no event says that nothing happens
        await asyncio.sleep(0)
