"""Throttle, and the clock that it runs on."""

from collections.abc import Callable
from math import inf
from typing import Protocol


class Timer(Protocol):
    """Scheduled callback."""

    def cancel(self) -> None: ...


class Timers(Protocol):
    """Monotonic clock with callbacks: the event loop, or a fake in tests. In seconds."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer: ...


class Throttle:
    """At most one event per interval, the first one at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.next_at = -inf
        """When the next event is allowed."""

    def allows(self, time: float) -> bool:
        return time >= self.next_at

    def consume(self, time: float) -> None:
        self.next_at = time + self._seconds
