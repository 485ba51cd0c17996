"""What was seen of the content: separate stretches, however they came, and not without end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.media import stretches
from resolvers.media.state import Stretch
from resolvers.media.stretches import add_stretch, total

STRETCHES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda each: (each[0], sum(each))))


def added(*found: Stretch) -> list[Stretch]:
    """What comes of adding one after the other."""
    seen: list[Stretch] = []
    for each in found:
        add_stretch(seen, each)
    return seen


@given(STRETCHES)
def test_every_second_counts_once(found: list[Stretch]) -> None:
    seen = added(*found)
    assert total(seen) == len({second for low, high in found for second in range(int(low), int(high))})
    assert all(before[1] < after[0] for before, after in pairwise(seen))


def test_what_touches_becomes_one() -> None:
    assert added((0, 10), (20, 30), (10, 20)) == [(0, 30)]
    assert added((5, 6), (0, 10)) == added((0, 10), (5, 6)) == [(0, 10)]
    assert added((20, 30), (0, 10), (10.001, 19.999)) == [(0, 10), (10.001, 19.999), (20, 30)]


def test_of_too_many_the_closest_two_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "MAX_STRETCHES", 3)
    assert added((0, 1), (10, 11), (13, 14), (20, 21)) == [(0, 1), (10, 14), (20, 21)]
    assert added((0, 1), (10, 11), (13, 14), (20, 21), (30, 31)) == [(0, 1), (10, 21), (30, 31)]
