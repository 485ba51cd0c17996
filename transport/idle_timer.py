"""Timeout of a peer that makes no progress."""

import asyncio
from collections.abc import Callable

from transport.noop import noop


class IdleTimer:
    """Calls `on_timeout` after `seconds` in which `pending()` was above 0, never shrank, and nothing was reported.

    A timer for each frame would cost more than the frame. So at most one is set, and it is extended when it is due.
    """

    __slots__ = ("_active_at", "_last_pending", "_loop", "_on_timeout", "_pending", "_seconds", "_timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        seconds: float,
        pending: Callable[[], int | None],
        on_timeout: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._pending = pending
        self._on_timeout = on_timeout
        self._active_at = 0.0
        self._last_pending = 0
        self._timer: asyncio.TimerHandle | None = None

    def touch(self) -> None:
        """Report activity: the time starts anew."""
        self._active_at = self._loop.time()
        if self._timer is None:
            self.arm()
        else:
            self._last_pending = self._pending() or 0

    def arm(self) -> None:
        """Report that something may be pending now."""
        if self._timer is None and (pending := self._pending()):
            self._last_pending = pending
            self._timer = self._loop.call_later(self._seconds, self._check)

    def stop(self) -> None:
        """Cancel the timeout until something is reported again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Stop for good. Drops the callbacks, as they hold the owner of this timer: a reference cycle."""
        self.stop()
        self._pending = self._on_timeout = noop

    def _check(self) -> None:
        self._timer = None
        pending, now = self._pending(), self._loop.time()
        if not pending:
            return
        if pending < self._last_pending:
            self._active_at = now
        self._last_pending = pending
        left = self._active_at + self._seconds - now
        if left > 0:
            self._timer = self._loop.call_later(left, self._check)
        else:
            self._on_timeout()
