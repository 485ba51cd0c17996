"""A number that goes up one by one, and that can be waited for."""

import asyncio

from bench.load_generator import LoadFailed


class AwaitableCounter:
    """How many of something there are; `what` says of what, to whoever has waited in vain."""

    __slots__ = ("_failure", "_marks", "_next", "value", "what")

    def __init__(self, what: str) -> None:
        self.what = what
        self.value = 0
        self._marks: dict[int, asyncio.Future[None]] = {}
        self._next = -1
        self._failure: LoadFailed | None = None

    def increment(self) -> None:
        """One more."""
        self.value += 1
        if self.value == self._next:
            self._marks.pop(self._next).set_result(None)
            self._next = min(self._marks, default=-1)

    def decrement(self) -> None:
        """One less."""
        self.value -= 1

    def fail(self, error: LoadFailed) -> None:
        """Whoever waits, now or later, waits in vain."""
        self._failure = self._failure or error
        for mark in self._marks.values():
            mark.set_exception(error)
        self._marks, self._next = {}, -1

    async def wait_for(self, value: int, seconds: float) -> None:
        """Wait till there are so many. Raises LoadFailed, also if it takes more than `within` seconds."""
        if self._failure is not None:
            raise self._failure
        if self.value >= value:
            return
        waiter = self._marks.get(value) or asyncio.get_running_loop().create_future()
        self._marks[value] = waiter
        self._next = min(self._marks)
        done, _ = await asyncio.wait([waiter], timeout=seconds)
        if not done:
            raise LoadFailed(f"after {seconds:g} seconds {self.value} of {value} {self.what}")
        waiter.result()
