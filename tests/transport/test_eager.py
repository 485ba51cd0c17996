"""Eager start: results, exceptions and cancellations are those of work that is simply awaited."""

import asyncio
from typing import Any

import pytest

from transport.deadlines import DeadlineExpired, Deadlines
from transport.eager import Waiting, start
from transport.http.disconnect import run_while_connected


async def at_once() -> str:
    return "now"


async def later() -> str:
    for _ in range(3):
        await asyncio.sleep(0)
    return "later"


async def failing() -> None:
    await asyncio.sleep(0)
    raise ValueError("failed")


async def test_work_that_never_waits_gives_its_result_at_once() -> None:
    assert start(at_once()) == "now"


async def test_work_that_waits_goes_on_when_awaited() -> None:
    waiting = start(later())
    assert isinstance(waiting, Waiting)
    assert await waiting == "later"


async def test_exceptions_of_either_step_reach_the_caller() -> None:
    async def failing_at_once() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        start(failing_at_once())
    waiting = start(failing())
    assert isinstance(waiting, Waiting)
    with pytest.raises(ValueError, match="failed"):
        await waiting


async def test_future_is_work_too() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    waiting = start(future)
    assert isinstance(waiting, Waiting)
    asyncio.get_running_loop().call_soon(future.set_result, 5)
    assert await waiting == 5


@pytest.mark.parametrize("swallowed", [0, 1])
async def test_cancellation_reaches_work_that_may_clean_up(swallowed: int) -> None:
    seen: list[str] = []

    async def work() -> str:
        for _ in range(swallowed + 1):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                seen.append("cancelled")
                await asyncio.sleep(0)
                if len(seen) > swallowed:
                    raise
        return "never"

    async def outer() -> str:
        waiting = start(work())
        assert isinstance(waiting, Waiting)
        return await waiting

    task = asyncio.create_task(outer())
    for _ in range(swallowed + 1):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"] * (swallowed + 1)


async def never_receives() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def test_work_that_never_waits_sets_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("a timer")

    deadlines, loop = Deadlines(), asyncio.get_running_loop()
    for name in ("call_at", "call_later"):
        monkeypatch.setattr(loop, name, refuse)
    assert await run_while_connected(never_receives, deadlines.run(at_once(), 10)) == "now"
    with pytest.raises(AssertionError, match="a timer"):
        await deadlines.run(later(), 10)


async def test_work_that_waits_is_limited() -> None:
    with pytest.raises(DeadlineExpired):
        await Deadlines().run(asyncio.Event().wait(), 0)


async def test_timeout_of_the_work_itself_is_another() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Deadlines().run(work(), 10)


async def test_expired_deadlines_let_finish_what_never_waits() -> None:
    deadlines = Deadlines()
    deadlines.expire_all()
    assert await deadlines.run(at_once(), 10) == "now"
    with pytest.raises(DeadlineExpired):
        await deadlines.run(later(), 10)
