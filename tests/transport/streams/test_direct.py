"""Frames that are sent within the group's call, where the line is free."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transport.streams.world import Log, Server, body, until
from tests.transport.world import limited
from transport.streams import Answer, Frame

QUERY = "subscription($after:String){told(after:$after){number text(size:100)}}"


@dataclass
class Line:
    """Takes what it is given at once, unless it is busy."""

    taken: list[int] = field(default_factory=list)
    at_once: int = 0
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def directly(self, frame: Frame) -> bool:
        """Take it at once."""
        if self.free.is_set():
            self.at_once += 1
            self._take(frame)
        return self.free.is_set()

    async def relay(self, answer: Answer) -> None:
        """Take one after the other."""
        answer.frames.directly = self.directly
        try:
            async for frame in answer.frames:
                await self.free.wait()
                self._take(frame)
        finally:
            await answer.frames.aclose()

    def _take(self, frame: Frame) -> None:
        self.taken.append(body(frame)["data"]["told"]["number"])


async def end(tasks: list["asyncio.Task[None]"]) -> None:
    """The clients leave."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_the_line_takes_at_once_wakes_nobody(server: Server, log: Log) -> None:
    lines = [Line() for _ in range(10)]
    for line in lines:
        line.free.set()
    tasks = [asyncio.create_task(line.relay(await server.open())) for line in lines]
    await until(lambda: log.closed == 10)
    for _ in range(5):
        log.happen()
        await until(lambda: len(lines[-1].taken) == log.length)
    assert [(line.taken, line.at_once) for line in lines] == [([1, 2, 3, 4, 5], 5)] * 10
    await end(tasks)


async def test_the_beginning_and_what_waits_come_before_it(server: Server, log: Log) -> None:
    log.happen(2)
    line = Line()
    task = asyncio.create_task(line.relay(await server.open(QUERY, {"after": "0"})))
    await until(lambda: log.followers)
    log.happen(2)
    line.free.set()
    await until(lambda: len(line.taken) == 4)
    await until(lambda: log.closed)
    log.happen()
    await until(lambda: len(line.taken) == 5)
    assert (line.taken, line.at_once) == ([1, 2, 3, 4, 5], 1)
    await end([task])


steps = st.lists(st.sampled_from(["happen", "happen", "yield", "yield", "busy", "free"]), max_size=80)


async def play(chosen: list[str], queue_bytes: int) -> None:
    """Do the steps; then all is taken, in order."""
    log = Log(length=3)
    server = Server(log, limited(stream_queue_bytes=queue_bytes))
    line = Line()
    task = asyncio.create_task(line.relay(await server.open(QUERY, {"after": "0"})))
    for step in chosen:
        match step:
            case "happen":
                log.happen()
            case "yield":
                await asyncio.sleep(0)
            case "busy":
                line.free.clear()
            case "free":
                line.free.set()
    line.free.set()
    await until(lambda: len(line.taken) >= log.length)
    assert line.taken == list(range(1, log.length + 1))
    await end([task])


@settings(max_examples=60, deadline=None)
@given(chosen=steps, queue_bytes=st.sampled_from([0, 300, 5_000]))
def test_a_line_that_is_free_at_times_is_given_all_in_order(chosen: list[str], queue_bytes: int) -> None:
    asyncio.run(play(chosen, queue_bytes))
