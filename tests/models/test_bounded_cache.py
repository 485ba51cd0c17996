"""Bounded cache: what several threads make at once."""

import sys
from collections.abc import Iterator
from functools import partial
from threading import Thread

import pytest

from models.bounded_cache import BoundedCache


@pytest.fixture
def _threads_switch_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_value_is_made_once_and_the_oldest_gives_way() -> None:
    cache = BoundedCache[str, str](2)
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key

    assert [cache.get(key, partial(make, key)) for key in "abacba"] == list("abacba")
    assert made == ["a", "b", "c", "a"]


@pytest.mark.usefixtures("_threads_switch_often")
def test_threads_that_fill_a_full_cache_do_not_fail() -> None:
    cache = BoundedCache[tuple[int, int], int](2)
    failures: list[Exception] = []

    def fill(thread: int) -> None:
        try:
            for number in range(20_000):
                assert cache.get((thread, number), partial(int, number)) == number
        except Exception as error:  # else it would be lost with its thread
            failures.append(error)

    threads = [Thread(target=fill, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
