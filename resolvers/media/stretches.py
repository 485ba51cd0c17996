"""What was seen of the content, whatever was seen twice."""

from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import Final

from resolvers.media.state import Stretch

MAX_STRETCHES: Final = 500
"""Separate stretches of one playback; beyond, the two that are closest become one."""


def add_stretch(seen: list[Stretch], new: Stretch) -> None:
    """Add a stretch to others that are separate and in order; it becomes one with those that it touches."""
    low, high = new
    first = bisect_left(seen, low, key=lambda stretch: stretch[1])
    behind = bisect_right(seen, high, key=lambda stretch: stretch[0])
    if touched := seen[first:behind]:
        low, high = min(low, touched[0][0]), max(high, touched[-1][1])
    seen[first:behind] = [(low, high)]
    if len(seen) > MAX_STRETCHES:
        _join_closest(seen)


def _join_closest(seen: list[Stretch]) -> None:
    gaps = [after[0] - before[1] for before, after in pairwise(seen)]
    place = gaps.index(min(gaps))
    seen[place : place + 2] = [(seen[place][0], seen[place + 1][1])]


def total(seen: list[Stretch]) -> float:
    """The seconds of all stretches."""
    return sum(high - low for low, high in seen)
