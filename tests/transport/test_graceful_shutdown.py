"""Graceful shutdown of registered resources."""

import asyncio
from functools import partial

from transport.graceful_shutdown import DrainTracker


async def test_drain_ends_each_resource_once() -> None:
    draining = DrainTracker()
    ended: list[str] = []

    def end(name: str) -> None:
        ended.append(name)
        draining.unregister(name)

    for name in "abc":
        draining.register(name, partial(end, name))
    await draining.drain(0.01)
    assert ended == ["a", "b", "c"]
    assert not len(draining)


async def test_drain_is_bounded_in_time() -> None:
    draining = DrainTracker()
    draining.register("unresponsive", lambda: None)
    await draining.drain(0.01)
    assert len(draining) == 1


async def test_resource_registered_during_drain_is_ended() -> None:
    draining = DrainTracker()
    await draining.drain(0)
    drained = asyncio.Event()
    draining.register("late", drained.set)
    await drained.wait()
