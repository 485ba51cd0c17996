"""A crowd is let in a few at a time: between them, others have their turn."""

import asyncio

from uvicorn.server import ServerState

from tests.polling import wait_until
from transport.server.accept_queue import PER_TICK, UpgradeQueue, upgrade_queue

CLIENTS = 10 * PER_TICK


async def test_others_have_a_turn_between_those_who_come_and_nobody_is_passed_over() -> None:
    arriving = UpgradeQueue(asyncio.get_running_loop())
    turn, seen = 0, list[tuple[int, int]]()
    for number in range(CLIENTS):
        arriving.submit(lambda number=number: seen.append((number, turn)))  # type: ignore[misc]  # a default is no argument
    assert not seen
    while len(seen) < CLIENTS:
        turn += 1
        await asyncio.sleep(0)
    assert [number for number, _ in seen] == list(range(CLIENTS))
    assert max(sum(at == each for _, at in seen) for each in range(turn + 1)) == PER_TICK


async def test_one_who_fails_keeps_nobody_out() -> None:
    loop = asyncio.get_running_loop()
    arriving, seen, failed = UpgradeQueue(loop), list[int](), list[object]()
    loop.set_exception_handler(lambda _, context: failed.append(context["exception"]))
    error = RuntimeError("hunter2")

    def fail() -> None:
        raise error

    arriving.submit(fail)
    for number in range(CLIENTS):
        arriving.submit(lambda number=number: seen.append(number))  # type: ignore[misc]  # the same
    await wait_until(lambda: len(seen) == CLIENTS)
    assert (seen, failed) == (list(range(CLIENTS)), [error])


async def test_who_comes_while_others_are_let_in_is_let_in_after_them() -> None:
    arriving, seen = UpgradeQueue(asyncio.get_running_loop()), list[str]()

    def first() -> None:
        seen.append("first")
        arriving.submit(lambda: seen.append("third"))

    arriving.submit(first)
    arriving.submit(lambda: seen.append("second"))
    await wait_until(lambda: len(seen) == 3)
    assert seen == ["first", "second", "third"]


async def test_a_server_has_one_queue() -> None:
    loop, one, other = asyncio.get_running_loop(), ServerState(), ServerState()
    assert upgrade_queue(one, loop) is upgrade_queue(one, loop)
    assert upgrade_queue(one, loop) is not upgrade_queue(other, loop)
