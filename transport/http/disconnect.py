"""Cancellation of an operation whose client disconnects.

Only its task is cancelled: work that a resolver has handed to another task (a writer that commits) continues there.
"""

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Final, Self, TypeVar

from starlette.types import Receive

from transport.eager import Waiting, start

T = TypeVar("T")

# Seconds until the connection is watched. Most operations have ended by then, and watching costs a task.
WATCH_DELAY: Final = 0.02


class ClientDisconnected(Exception):
    """The client has closed the connection."""


async def run_while_connected(receive: Receive, work: Awaitable[T]) -> T:
    """Return the result of `work`, which is cancelled when the client disconnects. Raises ClientDisconnected then.

    The body must have been read: other messages are ignored.
    """
    result = start(work)
    if not isinstance(result, Waiting):
        return result
    with CancelOnDisconnect(receive):
        return await result


class CancelOnDisconnect:
    """Cancels its block when the client disconnects, and raises ClientDisconnected."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._disconnected = False
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "only tasks can be cancelled"
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(WATCH_DELAY, self._start_watcher)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None  # it refers to this object: a cycle would keep the request until the collector runs
        # Another cancellation (the server stops) takes precedence: it must reach the caller.
        if self._disconnected and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise ClientDisconnected from None

    def _start_watcher(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch_disconnect())

    async def _watch_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._disconnected = True
        self._task.cancel()
