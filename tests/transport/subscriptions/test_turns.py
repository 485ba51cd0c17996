"""Turns of groups, and how late these are."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from transport.subscriptions.turns import ACTIVE_SECONDS, CONCURRENT_TURNS, TURN_SECONDS, Pace, Turns


@dataclass
class Backlog:
    """A source's iterator that has this many items."""

    backlog: int

    def take_ready(self, _limit: int) -> Sequence[object]:
        return ()


class FakeTime:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: self.now)


async def test_few_groups_execute_at_a_time_in_the_order_of_their_requests() -> None:
    turns, order, running = Turns(), list[str](), 0

    async def group(name: str) -> None:
        nonlocal running
        for _ in range(3):
            await turns.take()
            running += 1
            assert running <= CONCURRENT_TURNS
            await asyncio.sleep(0)
            order.append(name)
            running -= 1
            turns.end()

    await asyncio.gather(*map(group, "abcdef"))
    assert len(order) == 18
    assert all(set(order[start : start + 6]) == set("abcdef") for start in (0, 6, 12))


async def test_other_callbacks_run_between_two_turns() -> None:
    turns, order = Turns(), list[str]()

    async def group() -> None:
        await turns.take()
        order.append("group")
        turns.end()

    for _ in range(CONCURRENT_TURNS):
        await turns.take()
    tasks = [asyncio.create_task(group()) for _ in range(3)]
    await asyncio.sleep(0)
    turns.end()
    for _ in range(3):
        order.append("request")
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == ["request", "group", "request", "group", "request", "group"]


async def test_cancelled_group_does_not_hold_up_the_others() -> None:
    turns = Turns()
    for _ in range(CONCURRENT_TURNS):
        await turns.take()
    waiting, given, last = (asyncio.create_task(turns.take()) for _ in range(3))
    await asyncio.sleep(0)
    waiting.cancel()
    turns.end()
    given.cancel()  # its turn has come, but it does not know yet
    await asyncio.wait_for(last, 10)


async def test_slow_step_lets_others_have_their_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, time = Turns(), FakeTime(monkeypatch)
    paces = [Pace(turns) for _ in range(CONCURRENT_TURNS)]
    for pace in paces:
        pace.begin(1)
        await pace.take_turn()
    other = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    assert not other.done()
    time.now += 2 * TURN_SECONDS
    await asyncio.wait_for(other, 10)
    for pace in paces:
        pace.finish()  # gives back no second turn
    assert turns._free == CONCURRENT_TURNS - 1


async def busy_paces(turns: Turns, backlogs: Sequence[int]) -> list[Pace]:
    """Return paces of groups that are sending an item."""
    paces = [Pace(turns) for _ in backlogs]
    for pace, backlog in zip(paces, backlogs, strict=True):
        pace.follow(Backlog(backlog))
        pace.begin(1)
        await pace.take_turn()
        pace.end_turn()
    return paces


async def test_lag_is_the_backlog_at_the_speed_of_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, time = Turns(), FakeTime(monkeypatch)
    assert turns.lag() == 0
    paces = await busy_paces(turns, [100, 100])
    for _ in range(50):  # both send two items every 20 ms
        time.now += 0.02
        for pace in paces:
            pace.finish()
            pace.begin(2)
            await pace.take_turn()
            pace.end_turn()
    assert turns.lag() == pytest.approx(1.0, abs=0.01)
    for pace in paces:
        pace.finish()
    assert turns.lag() == 0


async def test_slow_step_counts_before_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, time = Turns(), FakeTime(monkeypatch)
    await busy_paces(turns, [10, 10])
    time.now += 0.2
    assert turns.lag() == pytest.approx(0.2 + 10 * 0.2)


@pytest.mark.parametrize(
    ("late", "groups", "expected"), [(1, 1, 0), (1, 2, 0), (1, 30, 0), (5, 30, 0), (6, 30, 1), (2, 3, 1)]
)
async def test_lag_of_few_groups_is_their_own(
    monkeypatch: pytest.MonkeyPatch, late: int, groups: int, expected: float
) -> None:
    turns, time = Turns(), FakeTime(monkeypatch)
    for pace in (await busy_paces(turns, [0] * groups))[late:]:
        pace.finish()
    time.now += 1
    assert turns.lag() == expected


async def test_groups_that_have_been_idle_for_long_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, time = Turns(), FakeTime(monkeypatch)
    for pace in await busy_paces(turns, [0] * 30):
        pace.finish()
    time.now += ACTIVE_SECONDS + 1
    await busy_paces(turns, [0] * 2)
    time.now += 1
    assert turns.lag() == 1


async def test_group_that_has_ended_is_forgotten() -> None:
    turns = Turns()
    for pace in await busy_paces(turns, [0] * 3):
        pace.close()
    assert not turns._active
    assert turns._free == CONCURRENT_TURNS


async def test_source_without_a_backlog_is_never_late(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, time = Turns(), FakeTime(monkeypatch)
    for pace in (Pace(turns), Pace(turns)):
        pace.follow(object())
        pace.begin(1)
        await pace.take_turn()
    time.now += 5
    assert turns.lag() == 0
