"""What was seen of the content, whatever was seen twice."""

from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import Final

from resolvers.media.state import Interval

MAX_INTERVALS: Final = 500
"""Separate stretches of one playback; beyond, the two that are closest become one."""


def add_interval(intervals: list[Interval], new: Interval) -> None:
    """Add a stretch to others that are separate and in order; it becomes one with those that it touches."""
    low, high = new
    first = bisect_left(intervals, low, key=lambda stretch: stretch[1])
    last = bisect_right(intervals, high, key=lambda stretch: stretch[0])
    if overlapping := intervals[first:last]:
        low, high = min(low, overlapping[0][0]), max(high, overlapping[-1][1])
    intervals[first:last] = [(low, high)]
    if len(intervals) > MAX_INTERVALS:
        _merge_closest(intervals)


def _merge_closest(intervals: list[Interval]) -> None:
    gaps = [after[0] - before[1] for before, after in pairwise(intervals)]
    index = gaps.index(min(gaps))
    intervals[index : index + 2] = [(intervals[index][0], intervals[index + 1][1])]


def total_seconds(intervals: list[Interval]) -> float:
    """The seconds of all stretches."""
    return sum(high - low for low, high in intervals)
