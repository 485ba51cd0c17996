"""Bounded cache of values that are expensive to make."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Holds the last `size` values that were made, for use by several threads.

    Unlike `lru_cache`, the arguments that a value is made from are not part of its key, and are not kept.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: dict[Key, Value] = {}
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made if it is not there. Two threads at once may both make it."""
        value = self._values.get(key)
        if value is None:
            value = make()
            with self._lock:  # another thread that adds a value while this one looks for the oldest makes that fail
                if len(self._values) >= self._size:
                    # The oldest, not the least recently used: what is used is made again once for each `size` others.
                    self._values.pop(next(iter(self._values)))
                self._values[key] = value
        return value
