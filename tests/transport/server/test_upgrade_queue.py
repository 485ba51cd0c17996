"""Admission control of WebSocket upgrades."""

import asyncio

from uvicorn.server import ServerState

from tests.polling import wait_until
from transport.server.accept_queue import PER_TICK, UpgradeQueue, upgrade_queue

CLIENTS = 10 * PER_TICK


async def test_few_upgrades_run_per_tick_in_order() -> None:
    queue = UpgradeQueue(asyncio.get_running_loop())
    tick, seen = 0, list[tuple[int, int]]()
    for number in range(CLIENTS):
        queue.submit(lambda number=number: seen.append((number, tick)))  # type: ignore[misc]  # a default is no argument
    assert not seen
    while len(seen) < CLIENTS:
        tick += 1
        await asyncio.sleep(0)
    assert [number for number, _ in seen] == list(range(CLIENTS))
    assert max(sum(at == each for _, at in seen) for each in range(tick + 1)) == PER_TICK


async def test_failed_upgrade_does_not_block_others() -> None:
    loop = asyncio.get_running_loop()
    queue, seen, failed = UpgradeQueue(loop), list[int](), list[object]()
    loop.set_exception_handler(lambda _, context: failed.append(context["exception"]))
    error = RuntimeError("hunter2")

    def fail() -> None:
        raise error

    queue.submit(fail)
    for number in range(CLIENTS):
        queue.submit(lambda number=number: seen.append(number))  # type: ignore[misc]  # the same
    await wait_until(lambda: len(seen) == CLIENTS)
    assert (seen, failed) == (list(range(CLIENTS)), [error])


async def test_upgrade_submitted_by_upgrade_runs_last() -> None:
    queue, seen = UpgradeQueue(asyncio.get_running_loop()), list[str]()

    def first() -> None:
        seen.append("first")
        queue.submit(lambda: seen.append("third"))

    queue.submit(first)
    queue.submit(lambda: seen.append("second"))
    await wait_until(lambda: len(seen) == 3)
    assert seen == ["first", "second", "third"]


async def test_each_server_has_one_queue() -> None:
    loop, one, other = asyncio.get_running_loop(), ServerState(), ServerState()
    assert upgrade_queue(one, loop) is upgrade_queue(one, loop)
    assert upgrade_queue(one, loop) is not upgrade_queue(other, loop)
