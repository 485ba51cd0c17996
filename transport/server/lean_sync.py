"""asyncio's queue and event, for thousands of connections that mostly wait.

asyncio's have deques, which hold 64 items even if there are none: five of them took 4 KB of each idle WebSocket.
"""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class LeanEvent:
    """An event, whose waiters share a future."""

    __slots__ = ("_is_set", "_waiter")

    def __init__(self) -> None:
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def clear(self) -> None:
        self._is_set = False

    async def wait(self) -> None:
        if self._is_set:
            return
        if self._waiter is None or self._waiter.done():
            self._waiter = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._waiter)


class LeanQueue(Generic[T]):
    """A short queue with one reader."""

    __slots__ = ("_items", "_not_empty")

    def __init__(self) -> None:
        self._items: list[T] = []
        self._not_empty = LeanEvent()

    def empty(self) -> bool:
        return not self._items

    def put_nowait(self, item: T) -> None:
        self._items.append(item)
        self._not_empty.set()

    async def get(self) -> T:
        while not self._items:
            self._not_empty.clear()
            await self._not_empty.wait()
        return self._items.pop(0)
