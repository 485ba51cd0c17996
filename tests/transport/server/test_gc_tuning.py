"""What stays as long as the process is looked through no more; what comes and goes seldom."""

import gc
from collections.abc import Iterator

import pytest

from transport.server.gc_tuning import MIDDLE, OLD, YOUNG, tune_gc


@pytest.fixture
def as_before() -> Iterator[None]:
    """Leave the interpreter as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("as_before")
def test_what_is_loaded_is_not_looked_through_and_what_comes_is_seldom() -> None:
    tune_gc()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == (YOUNG, MIDDLE, OLD)
    before = [generation["collections"] for generation in gc.get_stats()]
    kept: list[list[int]] = [[] for _ in range(2 * YOUNG)]
    after = [generation["collections"] for generation in gc.get_stats()]
    assert 1 <= after[0] - before[0] <= 3
    assert after[2] == before[2]
    assert len(kept) == 2 * YOUNG
