"""Whoever leaves at whatever moment while streams gather for a beginning: nothing of it is kept."""

import asyncio
from typing import Any, cast

from tests.polling import until
from transport.subscriptions.backpressure import Terms
from transport.subscriptions.catch_up import Beginning, Beginnings

TERMS = Terms(after=None, queue_bytes=1000, stall_seconds=1, heartbeat_seconds=None, turns=asyncio.Semaphore(2))


class Gated:
    """A beginning that takes its step when it may."""

    def __init__(self) -> None:
        self.begun, self.may = asyncio.Event(), asyncio.Event()

    async def look_ahead(self, _most: int) -> None:
        """One step, which nobody else may have."""
        self.begun.set()
        await self.may.wait()


def begin(beginnings: Beginnings, beginning: Any) -> "asyncio.Task[None]":
    """One more stream."""
    work = beginnings.begin("key", cast("Beginning", beginning), TERMS, lambda: False)
    return asyncio.create_task(work)


async def test_who_leaves_at_the_moment_when_the_one_before_is_through_leaves_nothing_behind() -> None:
    beginnings, first = Beginnings(), Gated()
    one = begin(beginnings, first)
    await first.begun.wait()
    other = begin(beginnings, Gated())
    await until(lambda: len(beginnings._newest) == 1 and beginnings._newest["key"].before is not None)
    batch = beginnings._newest["key"].before
    assert batch is not None
    first.may.set()
    await until(batch.over.is_set)
    other.cancel()
    await asyncio.wait([one, other])
    assert other.cancelled()
    assert not beginnings._newest
