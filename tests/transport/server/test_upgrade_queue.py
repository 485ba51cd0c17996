"""A crowd is let in a few at a time: between them, others have their turn."""

import asyncio

from uvicorn.server import ServerState

from tests.polling import until
from transport.server.accept_queue import AT_ONCE, Arrivals, arrivals

CROWD = 10 * AT_ONCE


async def test_others_have_a_turn_between_those_who_come_and_nobody_is_passed_over() -> None:
    arriving = Arrivals(asyncio.get_running_loop())
    turn, seen = 0, list[tuple[int, int]]()
    for number in range(CROWD):
        arriving.enter(lambda number=number: seen.append((number, turn)))  # type: ignore[misc]  # a default is no argument
    assert not seen
    while len(seen) < CROWD:
        turn += 1
        await asyncio.sleep(0)
    assert [number for number, _ in seen] == list(range(CROWD))
    assert max(sum(at == each for _, at in seen) for each in range(turn + 1)) == AT_ONCE


async def test_one_who_fails_keeps_nobody_out() -> None:
    loop = asyncio.get_running_loop()
    arriving, seen, failed = Arrivals(loop), list[int](), list[object]()
    loop.set_exception_handler(lambda _, context: failed.append(context["exception"]))
    error = RuntimeError("hunter2")

    def fail() -> None:
        raise error

    arriving.enter(fail)
    for number in range(CROWD):
        arriving.enter(lambda number=number: seen.append(number))  # type: ignore[misc]  # the same
    await until(lambda: len(seen) == CROWD)
    assert (seen, failed) == (list(range(CROWD)), [error])


async def test_who_comes_while_others_are_let_in_is_let_in_after_them() -> None:
    arriving, seen = Arrivals(asyncio.get_running_loop()), list[str]()

    def first() -> None:
        seen.append("first")
        arriving.enter(lambda: seen.append("third"))

    arriving.enter(first)
    arriving.enter(lambda: seen.append("second"))
    await until(lambda: len(seen) == 3)
    assert seen == ["first", "second", "third"]


async def test_a_server_has_one_queue() -> None:
    loop, one, other = asyncio.get_running_loop(), ServerState(), ServerState()
    assert arrivals(one, loop) is arrivals(one, loop)
    assert arrivals(one, loop) is not arrivals(other, loop)
