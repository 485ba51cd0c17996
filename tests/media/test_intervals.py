"""Union of watched intervals."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.media import time_accounting
from resolvers.media.state import Interval
from resolvers.media.time_accounting import add_interval, total_seconds

INTERVALS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda pair: (pair[0], sum(pair))))


def merged(*added: Interval) -> list[Interval]:
    intervals: list[Interval] = []
    for interval in added:
        add_interval(intervals, interval)
    return intervals


@given(INTERVALS)
def test_overlapping_seconds_count_once(added: list[Interval]) -> None:
    intervals = merged(*added)
    assert total_seconds(intervals) == len({second for low, high in added for second in range(int(low), int(high))})
    assert all(before[1] < after[0] for before, after in pairwise(intervals))


def test_closest_intervals_are_merged_beyond_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_accounting, "MAX_INTERVALS", 3)
    assert merged((0, 1), (10, 11), (13, 14), (20, 21)) == [(0, 1), (10, 14), (20, 21)]
    assert merged((0, 1), (10, 11), (13, 14), (20, 21), (30, 31)) == [(0, 1), (10, 21), (30, 31)]
