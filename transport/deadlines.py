"""Time limits that a stopping server can expire all at once."""

import asyncio
from types import TracebackType


class Deadlines:
    """The time limits of one server."""

    def __init__(self) -> None:
        self.all_expired = False
        self._active: set[asyncio.Timeout] = set()

    def after(self, seconds: float) -> "Deadline":
        return self.at(asyncio.get_running_loop().time() + seconds)

    def at(self, when: float) -> "Deadline":
        """Create a limit at a time of the event loop's clock."""
        return Deadline(when, self._active, expired=self.all_expired)

    def expire_all(self) -> None:
        """Expire all limits, present and future."""
        self.all_expired = True
        for timeout in self._active:
            if not timeout.expired():  # an expired timeout cannot be rescheduled
                timeout.reschedule(0)


class Deadline:
    """`async with deadlines.after(10) as deadline:` raises TimeoutError like `asyncio.timeout`, or when all expire."""

    __slots__ = ("_active", "_timeout")

    def __init__(self, when: float, active: set[asyncio.Timeout], *, expired: bool) -> None:
        self._timeout = asyncio.timeout_at(0 if expired else when)
        self._active = active

    async def __aenter__(self) -> asyncio.Timeout:
        await self._timeout.__aenter__()
        self._active.add(self._timeout)
        return self._timeout

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._active.discard(self._timeout)
        await self._timeout.__aexit__(kind, error, frames)


def is_task_cancelled() -> bool:
    """Return whether a CancelledError means this task, and not something that it awaited."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
