"""Time limits of what is under way. When the server stops, and can wait no longer, all of them have come."""

import asyncio
from types import TracebackType


class Deadlines:
    """The time limits of one server."""

    def __init__(self) -> None:
        self.all_expired = False
        """Whether the server waits no longer."""
        self._active: set[asyncio.Timeout] = set()

    def after(self, seconds: float) -> "Deadline":
        """A limit so many seconds from now."""
        return self.at(asyncio.get_running_loop().time() + seconds)

    def at(self, when: float) -> "Deadline":
        """A limit at a time of the loop's clock."""
        return Deadline(when, self._active, expired=self.all_expired)

    def expire_all(self) -> None:
        """The server waits no longer: whatever is under way, or begins, is out of time."""
        self.all_expired = True
        for timeout in self._active:
            if not timeout.expired():
                timeout.reschedule(0)


class Deadline:
    """`async with deadlines.after(10) as deadline:` raises TimeoutError as `asyncio.timeout` does, or sooner."""

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
