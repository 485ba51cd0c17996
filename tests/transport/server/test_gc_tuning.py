"""Garbage collector: start-up objects are frozen, generation 2 is collected rarely."""

import gc
from collections.abc import Iterator

import pytest

from transport.server.gc_tuning import GC_THRESHOLDS, tune_gc


@pytest.fixture
def _restored() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("_restored")
def test_start_up_objects_are_frozen_and_old_ones_rarely_collected() -> None:
    tune_gc()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == GC_THRESHOLDS
    before = [generation["collections"] for generation in gc.get_stats()]
    kept: list[list[int]] = [[] for _ in range(2 * GC_THRESHOLDS[0])]
    after = [generation["collections"] for generation in gc.get_stats()]
    assert 1 <= after[0] - before[0] <= 3
    assert after[2] == before[2]
    assert len(kept) == 2 * GC_THRESHOLDS[0]
