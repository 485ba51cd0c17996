"""Sets of ids: those of plain Python, in little memory, with numbers that are reused."""

import sys
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.feed import id_set
from resolvers.feed.id_set import IdNumbers, IdSet
from tests.feed_harness import FeedHarness

SETS: Final = 3
STEPS: Final = st.lists(
    st.tuples(st.sampled_from(["add", "discard", "clear"]), st.integers(0, SETS - 1), st.integers(0, 20)), max_size=60
)


@pytest.fixture(autouse=True)
def early_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drop unused ids, and fill chunks, after a few instead of a thousand."""
    monkeypatch.setattr(id_set, "MIN_SWEEP", 4)
    monkeypatch.setattr(id_set, "CHUNK_SHIFT", 2)
    monkeypatch.setattr(id_set, "CHUNK_MASK", 3)


@given(STEPS)
def test_id_sets_are_like_plain_sets(steps: Sequence[tuple[str, int, int]]) -> None:
    numbers = IdNumbers()
    sets = [numbers.new_set() for _ in range(SETS)]
    plain: list[set[str]] = [set() for _ in range(SETS)]
    for step, which, number in steps:
        if step == "clear":  # a group ends, and another one begins
            sets[which], plain[which] = numbers.new_set(), set()
        else:
            getattr(sets[which], step)(f"s_{number}")
            getattr(plain[which], step)(f"s_{number}")
        assert [{f"s_{each}" for each in range(21) if f"s_{each}" in found} for found in sets] == plain
        assert [len(found) for found in sets] == [len(found) for found in plain]
        held = len(set().union(*plain))
        assert len(numbers.by_id) <= max(21, held), "no id has two numbers"


def test_numbers_of_ids_that_no_set_holds_are_reused() -> None:
    numbers = IdNumbers()
    found = numbers.new_set()
    found.add("s_stays")
    for turn in range(1000):
        found.add(f"s_{turn}")
        found.discard(f"s_{turn}")
    assert len(found) == 1
    assert "s_stays" in found
    assert len(numbers.by_id) <= 1 + 2 * id_set.MIN_SWEEP
    assert max(numbers.by_id.values()) <= 1 + 2 * id_set.MIN_SWEEP


def test_set_that_is_gone_holds_no_numbers() -> None:
    numbers = IdNumbers()
    found = numbers.new_set()
    found.update(f"s_{each}" for each in range(1000))
    del found
    later = numbers.new_set()
    later.update(f"t_{each}" for each in range(1000))
    assert set(numbers.by_id) == {f"t_{each}" for each in range(1000)}


def test_further_large_set_takes_two_bits_for_each_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    ids = [f"s_{each}" for each in range(20_000)]
    numbers = IdNumbers()
    first, second = numbers.new_set(), numbers.new_set()
    first.update(ids)
    second.update(ids)
    assert _size(second) < len(ids) * 2 / 8
    assert _size(second) < sys.getsizeof(set(ids)) / 50


async def test_sessions_that_have_ended_are_forgotten(harness: FeedHarness) -> None:
    stream = await harness.subscribe(kinds=["USER"])
    for turn in range(20):
        session = await harness.api.start_user(f"user-{turn}")
        await stream.read()
        await harness.api.execute(
            "mutation($id: ID!) { stopSession(input: {id: $id}) { session { id } } }", id=session["id"]
        )
        await stream.read()
    assert len(harness.log_reader.id_numbers.by_id) <= 2 * id_set.MIN_SWEEP


def _size(found: IdSet) -> int:
    return sys.getsizeof(found.chunks) + sum(map(sys.getsizeof, found.chunks.values()))
