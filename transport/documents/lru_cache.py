"""A bounded memory of what was used last."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class LRUCache(Generic[T]):
    """Keeps values by text, at most `count` of them and `weight` in all; the one not used for longest goes first."""

    def __init__(self, *, count: int, weight: int) -> None:
        self._values: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._count = count
        self._weight = weight
        self._total_weight = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str) -> T | None:
        """The value, which then counts as used last."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: str, value: T, weight: int) -> None:
        """Remember a value. One that is heavier than all may be is not kept."""
        if weight > self._weight:
            return
        if key in self._values:
            self._total_weight -= self._values.pop(key)[1]
        self._values[key] = (value, weight)
        self._total_weight += weight
        while len(self._values) > self._count or self._total_weight > self._weight:
            _, (_, freed) = self._values.popitem(last=False)
            self._total_weight -= freed
