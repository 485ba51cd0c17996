"""Cancellation while catch-ups are coalesced."""

import asyncio
from typing import Any, cast

from tests.polling import wait_until
from transport.subscriptions.catch_up import CatchUp, CatchUpCoalescer


class GatedCatchUp:
    def __init__(self) -> None:
        self.started, self.gate = asyncio.Event(), asyncio.Event()

    async def prefetch(self, _max_bytes: int) -> None:
        self.started.set()
        await self.gate.wait()


def start(coalescer: CatchUpCoalescer, catch_up: Any) -> "asyncio.Task[None]":
    return asyncio.create_task(coalescer.start("key", cast(CatchUp, catch_up), lambda: False))


async def test_cancel_when_the_previous_group_is_done_leaves_no_state() -> None:
    coalescer, first = CatchUpCoalescer(asyncio.Semaphore(2), 1000), GatedCatchUp()
    leader = start(coalescer, first)
    await first.started.wait()
    other = start(coalescer, GatedCatchUp())
    await wait_until(lambda: len(coalescer._latest) == 1 and coalescer._latest["key"].previous is not None)
    group = coalescer._latest["key"].previous
    assert group is not None
    first.gate.set()
    await wait_until(group.done.is_set)
    other.cancel()
    await asyncio.wait([leader, other])
    assert other.cancelled()
    assert not coalescer._latest
