"""Admission control of WebSocket upgrades.

When 10,000 clients reconnect after a restart, their handshakes and everything that these lead to would run before the
next request. Upgrades are therefore queued, and a few are performed per tick of the event loop.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

PER_TICK: Final = 4
"""Upgrades that run before other callbacks have their turn: a few milliseconds."""


class UpgradeQueue:
    """Pending upgrades of one server, first in, first out."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pending: deque[Callable[[], None]] = deque()
        self._is_scheduled = False

    def submit(self, upgrade: Callable[[], None]) -> None:
        self._pending.append(upgrade)
        self._schedule()

    def _schedule(self) -> None:
        if self._pending and not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._run_some)

    def _run_some(self) -> None:
        self._is_scheduled = False
        try:
            for _ in range(min(PER_TICK, len(self._pending))):
                self._pending.popleft()()
        finally:  # an upgrade that raises must not block the others
            self._schedule()


_queues: WeakKeyDictionary[ServerState, UpgradeQueue] = WeakKeyDictionary()


def upgrade_queue(server_state: ServerState, loop: asyncio.AbstractEventLoop) -> UpgradeQueue:
    """Return the queue that all connections of a server share."""
    if server_state not in _queues:
        _queues[server_state] = UpgradeQueue(loop)
    return _queues[server_state]
