"""Deadlines, and their common expiry."""

import asyncio

import pytest

from tests.polling import wait_until
from transport.deadlines import Deadlines


async def test_deadline_expires() -> None:
    deadlines = Deadlines()
    with pytest.raises(TimeoutError):
        async with deadlines.after(0.01) as deadline:
            await asyncio.Event().wait()
    assert deadline.expired()
    async with deadlines.after(10) as deadline:
        await asyncio.sleep(0)
    assert not deadline.expired()
    assert not deadlines._active


async def test_expire_all_expires_present_and_future_deadlines() -> None:
    deadlines = Deadlines()
    began = 0

    async def work() -> None:
        nonlocal began
        async with deadlines.after(3_600):
            began += 1
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(work()) for _ in range(3)]
    await wait_until(lambda: began == 3)
    deadlines.expire_all()
    assert [type(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == [TimeoutError] * 3
    with pytest.raises(TimeoutError):
        await work()  # which begins too late
    assert not deadlines._active


async def test_expire_all_tolerates_expired_deadline() -> None:
    deadlines = Deadlines()
    late = asyncio.Event()

    async def work() -> None:
        async with deadlines.after(0):
            try:
                await asyncio.Event().wait()
            finally:
                late.set()
                await asyncio.sleep(0)

    task = asyncio.create_task(work())
    await late.wait()
    deadlines.expire_all()
    with pytest.raises(TimeoutError):
        await task
