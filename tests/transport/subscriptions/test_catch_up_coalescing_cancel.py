"""Cancellation while catch-ups are coalesced."""

import asyncio
from typing import Any, cast

from tests.polling import wait_until
from transport.subscriptions.backpressure import SubscriberLimits
from transport.subscriptions.catch_up import CatchUp, CatchUpCoalescer

TERMS = SubscriberLimits(
    after=None, queue_bytes=1000, stall_seconds=1, heartbeat_seconds=None, catch_up_slots=asyncio.Semaphore(2)
)


class Gated:
    def __init__(self) -> None:
        self.begun, self.may = asyncio.Event(), asyncio.Event()

    async def prefetch(self, _most: int) -> None:
        self.begun.set()
        await self.may.wait()


def begin(beginnings: CatchUpCoalescer, beginning: Any) -> "asyncio.Task[None]":
    work = beginnings.start("key", cast(CatchUp, beginning), TERMS, lambda: False)
    return asyncio.create_task(work)


async def test_cancel_when_the_previous_group_is_done_leaves_no_state() -> None:
    beginnings, first = CatchUpCoalescer(), Gated()
    one = begin(beginnings, first)
    await first.begun.wait()
    other = begin(beginnings, Gated())
    await wait_until(lambda: len(beginnings._latest) == 1 and beginnings._latest["key"].previous is not None)
    batch = beginnings._latest["key"].previous
    assert batch is not None
    first.may.set()
    await wait_until(batch.done.is_set)
    other.cancel()
    await asyncio.wait([one, other])
    assert other.cancelled()
    assert not beginnings._latest
