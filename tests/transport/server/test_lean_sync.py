"""The queue and the event of sockets, compared with asyncio's."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from transport.server.lean_sync import LeanEvent, LeanQueue


async def run(event: Any, steps: list[str]) -> list[str]:
    """Take steps, and return the order in which waiters continued."""
    log: list[str] = []
    tasks: list[asyncio.Task[None]] = []

    async def wait(name: str) -> None:
        await event.wait()
        log.append(name)

    for number, step in enumerate(steps):
        match step:
            case "wait":
                tasks.append(asyncio.create_task(wait(f"task {number}")))
            case "cancel" if tasks:
                tasks[len(tasks) // 2].cancel()
            case "set" | "clear":
                getattr(event, step)()
                log.append(str(event.is_set()))
            case "tick":
                for _ in range(3):
                    await asyncio.sleep(0)
                log.append("tick")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return log


@given(st.lists(st.sampled_from(["wait", "set", "clear", "tick", "cancel"]), max_size=30))
async def test_event_does_what_asyncio_does(steps: list[str]) -> None:
    steps = [each for step in steps for each in (step, "tick")]
    assert await run(LeanEvent(), steps) == await run(asyncio.Event(), steps)


async def test_queue_keeps_the_order_and_wakes_its_reader() -> None:
    queue = LeanQueue[int]()
    assert queue.empty()
    reading = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    for number in range(5):
        queue.put_nowait(number)
    assert [await reading, *[await queue.get() for _ in range(4)]] == [0, 1, 2, 3, 4]
    assert queue.empty()


async def test_cancelled_reader_takes_nothing() -> None:
    queue = LeanQueue[int]()
    reading = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    reading.cancel()
    queue.put_nowait(1)
    await asyncio.gather(reading, return_exceptions=True)
    assert await queue.get() == 1
