"""What lives long ends when the server stops, whenever it came to life."""

import asyncio
from functools import partial

from transport.graceful_shutdown import DrainTracker


async def test_all_that_lives_is_ended_once_and_waited_for() -> None:
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


async def test_what_does_not_end_is_not_waited_for_longer_than_said() -> None:
    draining = DrainTracker()
    draining.register("deaf", lambda: None)
    await draining.drain(0.01)
    assert len(draining) == 1


async def test_what_comes_to_life_while_the_server_stops_is_ended_too() -> None:
    draining = DrainTracker()
    await draining.drain(0)
    told = asyncio.Event()
    draining.register("late", told.set)
    await told.wait()
