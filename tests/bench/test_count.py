"""A count can be waited for, by many, and in vain."""

import asyncio

import pytest

from bench.load_generator import LoadFailed
from bench.subscribers.counter import AwaitableCounter

FOR_LONG = 60.0


async def test_whoever_waits_goes_on_when_there_are_so_many_and_not_before() -> None:
    count = AwaitableCounter("came")
    waiting = {value: asyncio.create_task(count.wait_for(value, FOR_LONG)) for value in (1, 3, 3)}
    await asyncio.sleep(0)
    done = []
    for _ in range(3):
        count.increment()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        done.append([value for value, task in waiting.items() if task.done()])
    assert done == [[1], [1], [1, 3]]
    await count.wait_for(2, FOR_LONG)


async def test_two_may_wait_for_the_same() -> None:
    count = AwaitableCounter("came")
    waiting = [asyncio.create_task(count.wait_for(1, FOR_LONG)) for _ in range(2)]
    await asyncio.sleep(0)
    count.increment()
    await asyncio.gather(*waiting)


async def test_what_goes_has_to_come_again() -> None:
    count = AwaitableCounter("came")
    count.increment()
    count.decrement()
    waiting = asyncio.create_task(count.wait_for(2, FOR_LONG))
    await asyncio.sleep(0)
    count.increment()
    count.increment()
    await waiting


async def test_whoever_waits_for_too_long_is_told_how_many_there_are() -> None:
    count = AwaitableCounter("watchers are live")
    count.increment()
    with pytest.raises(LoadFailed, match="1 of 2 watchers are live"):
        await count.wait_for(2, 0)
    count.increment()


async def test_a_failure_reaches_those_who_wait_and_those_who_come() -> None:
    count = AwaitableCounter("came")
    waiting = asyncio.create_task(count.wait_for(2, FOR_LONG))
    await asyncio.sleep(0)
    count.fail(LoadFailed("gone"))
    for late in (waiting, count.wait_for(2, FOR_LONG)):
        with pytest.raises(LoadFailed, match="gone"):
            await late
