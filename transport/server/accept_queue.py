"""Who asks for a WebSocket is let in after those who have asked before, a few at a time.

Thousands that come back after a restart would otherwise all be greeted before anybody else had a turn, and all be
answered at each of their next steps: requests would wait for seconds between them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

AT_ONCE: Final = 4
"""Let in before others have a turn, in a few milliseconds."""


class Arrivals:
    """Those who wait at one server."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_due = False

    def enter(self, let_in: Callable[[], None]) -> None:
        """Have somebody let in, soon."""
        self._waiting.append(let_in)
        self._come_back()

    def _come_back(self) -> None:
        if self._waiting and not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._let_some_in)

    def _let_some_in(self) -> None:
        self._is_due = False
        try:
            for _ in range(min(AT_ONCE, len(self._waiting))):
                self._waiting.popleft()()
        finally:  # the others come in, whatever became of one
            self._come_back()


_at: WeakKeyDictionary[ServerState, Arrivals] = WeakKeyDictionary()


def arrivals(at: ServerState, loop: asyncio.AbstractEventLoop) -> Arrivals:
    """Those of a server, which all of its connections share."""
    if at not in _at:
        _at[at] = Arrivals(loop)
    return _at[at]
