"""Time limits that expire early: all of them when the server stops, those of a client when its access ends."""

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Self, TypeVar

from transport.clients import Client
from transport.eager import Waiting, start

T = TypeVar("T")


class DeadlineExpired(Exception):
    """Work did not end in time."""

    def __init__(self, *, access_ended: bool) -> None:
        super().__init__()
        self.access_ended = access_ended
        """Whether the access of its client ended."""


class Deadlines:
    """The time limits of one server."""

    def __init__(self) -> None:
        self.all_expired = False
        self._active: set[Deadline] = set()

    @property
    def clients(self) -> set[Client]:
        """The clients that something runs for."""
        return {deadline.client for deadline in self._active if deadline.client is not None}

    async def run(self, work: Awaitable[T], seconds: float, client: Client | None = None) -> T:
        """Return the result of work on behalf of a client. Raises DeadlineExpired if that takes longer."""
        result = start(work)
        if not isinstance(result, Waiting):
            return result  # most work never waits, and needs no timer
        deadline = self.after(seconds, client)
        try:
            async with deadline:
                return await result
        except TimeoutError:
            if deadline.expired():
                raise DeadlineExpired(access_ended=deadline.access_ended) from None
            raise

    def after(self, seconds: float, client: Client | None = None) -> "Deadline":
        """Create a limit for work on behalf of a client."""
        return self.at(asyncio.get_running_loop().time() + seconds, client)

    def at(self, when: float, client: Client | None = None) -> "Deadline":
        """Create a limit at a time of the event loop's clock."""
        return Deadline(0 if self.all_expired else when, self._active, client)

    def expire_all(self) -> None:
        """Expire all limits, present and future."""
        self.all_expired = True
        for deadline in self._active:
            deadline.expire()

    def end_access(self, client: Client) -> None:
        """Expire the present limits of a client."""
        for deadline in self._active:
            if deadline.client == client:
                deadline.access_ended = True
                deadline.expire()


class Deadline:
    """`async with deadlines.after(10) as deadline:` raises TimeoutError like `asyncio.timeout`, or when it expires."""

    __slots__ = ("_active", "_timeout", "access_ended", "client")

    def __init__(self, when: float, active: set["Deadline"], client: Client | None) -> None:
        self._timeout = asyncio.timeout_at(when)
        self._active = active
        self.client = client
        self.access_ended = False
        """Whether it expired because the access of the client ended."""

    def expired(self) -> bool:
        return self._timeout.expired()

    def expire(self) -> None:
        if not self._timeout.expired():  # an expired timeout cannot be rescheduled
            self._timeout.reschedule(0)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._active.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._active.discard(self)
        await self._timeout.__aexit__(kind, error, frames)


def is_task_cancelled() -> bool:
    """Return whether a CancelledError means this task, and not something that it awaited."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
