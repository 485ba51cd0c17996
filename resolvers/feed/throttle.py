"""Time that passes, for what is to happen later or not too often."""

from collections.abc import Callable
from math import inf
from typing import Protocol


class Timer(Protocol):
    """Something that will happen."""

    def cancel(self) -> None:
        """Let it not happen."""


class Timers(Protocol):
    """Where passing time comes from: the event loop, or a test that moves it. Seconds, which never go back."""

    def time(self) -> float:
        """The present, since some moment in the past."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call back once that moment has come."""


class Throttle:
    """At most one of something in each interval, the first one at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.next_at = -inf
        """When there may be another."""

    def allows(self, time: float) -> bool:
        """Whether there may be one now."""
        return time >= self.next_at

    def consume(self, time: float) -> None:
        """There is one now."""
        self.next_at = time + self._seconds
