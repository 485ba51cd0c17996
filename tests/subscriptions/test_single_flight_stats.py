"""Single flight of statistics."""

import asyncio
from typing import Any, cast

import pytest

from resolvers.stats.service import Stats
from resolvers.subscriptions.stats import SingleFlightStats


class FakeStats:
    """Statistics that the test completes."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.result: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.cancelled = 0

    async def total(self, minutes: int = 0) -> int:
        self.calls.append(("total", minutes))
        try:
            return await asyncio.shield(self.result)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


@pytest.fixture
async def fake() -> FakeStats:
    return FakeStats()


def single_flight(fake: FakeStats) -> Any:
    return SingleFlightStats(cast("Stats", fake))


async def start_tasks(*calls: Any) -> "list[asyncio.Task[int]]":
    tasks = [asyncio.ensure_future(call) for call in calls]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_equal_calls_share_one_computation(fake: FakeStats) -> None:
    stats = single_flight(fake)
    tasks = await start_tasks(stats.total(), stats.total(), stats.total(5), stats.total(minutes=5), stats.total(5))
    fake.result.set_result(7)
    assert await asyncio.gather(*tasks, stats.total()) == [7] * 6
    assert fake.calls == [("total", 0), ("total", 5), ("total", 5)]


async def test_cancelled_waiter_does_not_cancel_the_computation(fake: FakeStats) -> None:
    stats = single_flight(fake)
    first, second, third = await start_tasks(stats.total(), stats.total(), stats.total())
    first.cancel()
    third.cancel()
    await asyncio.gather(first, third, return_exceptions=True)
    fake.result.set_result(7)
    assert (await second, fake.cancelled) == (7, 0)


async def test_computation_without_waiters_is_cancelled_and_restarted(fake: FakeStats) -> None:
    stats = single_flight(fake)
    tasks = await start_tasks(stats.total(), stats.total())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
    assert fake.cancelled == 1
    fake.result.set_result(7)
    assert await stats.total() == 7
    assert len(fake.calls) == 2


async def test_failure_reaches_all_waiters_and_is_retried(fake: FakeStats) -> None:
    stats = single_flight(fake)
    tasks = await start_tasks(stats.total(), stats.total())
    fake.result.set_exception(RuntimeError("busy"))
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(error) for error in found] == ["busy", "busy"]
    fake.result = asyncio.get_running_loop().create_future()
    fake.result.set_result(7)
    assert await stats.total() == 7
