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

PER_TICK: Final = 4
"""Let in before others have a turn, in a few milliseconds."""


class UpgradeQueue:
    """Those who wait at one server."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_scheduled = False

    def submit(self, upgrade: Callable[[], None]) -> None:
        """Have somebody let in, soon."""
        self._waiting.append(upgrade)
        self._schedule()

    def _schedule(self) -> None:
        if self._waiting and not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._run_some)

    def _run_some(self) -> None:
        self._is_scheduled = False
        try:
            for _ in range(min(PER_TICK, len(self._waiting))):
                self._waiting.popleft()()
        finally:  # the others come in, whatever became of one
            self._schedule()


_queues: WeakKeyDictionary[ServerState, UpgradeQueue] = WeakKeyDictionary()


def upgrade_queue(server_state: ServerState, loop: asyncio.AbstractEventLoop) -> UpgradeQueue:
    """Those of a server, which all of its connections share."""
    if server_state not in _queues:
        _queues[server_state] = UpgradeQueue(loop)
    return _queues[server_state]
