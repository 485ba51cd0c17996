"""A client that goes away while its operation runs: the operation is cancelled.

Only the task is: what a resolver has handed to another task (a writer that commits, say) goes on there.
"""

import asyncio
from types import TracebackType
from typing import Self

from starlette.types import Receive

PATIENCE = 0.02
"""Seconds before a running operation looks out for its client. Most are done by then, and looking costs a task."""


class ClientGoneError(Exception):
    """The client has closed the connection: there is nobody to answer."""


class CancelWhenGone:
    """`with CancelWhenGone(receive):` cancels what runs inside when the client leaves, then raises ClientGoneError.

    The body must have been read: anything else that arrives is ignored.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False
        self._watch: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "only tasks can be cancelled"
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        if self._gone and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise ClientGoneError from None

    def _begin(self) -> None:
        self._watch = asyncio.get_running_loop().create_task(self._look_out())

    async def _look_out(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._task.cancel()
