"""Eager start of work: what ends without waiting needs no timer and nothing that watches it.

Most operations end so, and a timer and a watcher cost more than a short one. So work takes its first step at once, in
the task of its caller, and only work that waits then is limited or watched. Nothing is lost: between the steps of a
task, no timer fires.
"""

from collections.abc import Awaitable, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Waiting(Generic[T]):
    """Work that waits for something after its first step; awaiting it goes on."""

    __slots__ = ("_awaited", "_steps")

    def __init__(self, steps: Generator[Any, None, T], awaited: Any) -> None:
        self._steps = steps
        self._awaited = awaited

    def __await__(self) -> Generator[Any, None, T]:
        awaited = self._awaited
        try:
            while True:
                try:
                    yield awaited
                except BaseException as error:  # such as a cancellation, which is for the work
                    awaited = self._steps.throw(error)
                else:
                    awaited = next(self._steps)
        except StopIteration as ended:
            result: T = ended.value
            return result


def start(work: Awaitable[T]) -> T | Waiting[T]:
    """Take the first step of `work`. Returns its result, or what it is `Waiting` for."""
    steps = work.__await__()
    try:
        awaited = next(steps)
    except StopIteration as ended:
        result: T = ended.value
        return result
    return Waiting(steps, awaited)
