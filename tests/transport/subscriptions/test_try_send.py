"""Frames that are sent within the group's call, where the line is free."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.polling import until
from tests.transport.fake_app import limited
from tests.transport.subscriptions.fake_source import Log
from tests.transport.subscriptions.stream_server import Server, body
from transport.subscriptions import Answer, Frame
from transport.subscriptions.fanout import MEMBERS_AT_ONCE, STRETCH, STRETCH_BYTES

QUERY = "subscription($after:String){told(after:$after){number text(size:100)}}"


@dataclass
class Line:
    """Takes what it is given at once, unless it is busy."""

    taken: list[int] = field(default_factory=list)
    stretches: list[int] = field(default_factory=list)
    """How many were handed over at once, each time."""
    lengths: list[int] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    failed: bool = False
    on_take: Callable[[], None] | None = None

    def directly(self, told: Sequence[Frame]) -> bool:
        """Take them at once."""
        if self.free.is_set():
            self.stretches.append(len(told))
            self.lengths.append(sum(len(frame.payload) for frame in told))
            for frame in told:
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
        if frame.failed:
            self.failed = True
            return
        if self.on_take is not None:
            self.on_take()
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
    await until(lambda: sum(stream.is_live for stream in server.streams.subscriptions) == 10)
    for _ in range(5):
        log.happen()
        await until(lambda: len(lines[-1].taken) == log.length)
    assert [(line.taken, line.stretches) for line in lines] == [([1, 2, 3, 4, 5], [1] * 5)] * 10
    await end(tasks)


async def test_what_happens_at_a_stretch_is_handed_over_at_a_stretch(server: Server, log: Log) -> None:
    line = Line()
    line.free.set()
    task = asyncio.create_task(line.relay(await server.open()))
    await until(lambda: log.closed)
    log.happen(2 * STRETCH + 1)
    await until(lambda: len(line.taken) == log.length)
    assert line.stretches == [STRETCH, STRETCH, 1]
    assert line.taken == log.executed == list(range(1, log.length + 1))
    await end([task])


async def test_a_stretch_of_long_results_is_soon_over(server: Server, log: Log) -> None:
    line = Line()
    line.free.set()
    task = asyncio.create_task(line.relay(await server.open("subscription{told{number text(size:10000)}}")))
    await until(lambda: log.closed)
    log.happen(STRETCH)
    await until(lambda: len(line.taken) == log.length)
    assert max(line.lengths) < STRETCH_BYTES + 11_000
    assert line.taken == list(range(1, STRETCH + 1))
    await end([task])


async def test_what_comes_before_a_failure_is_told(server: Server, log: Log) -> None:
    line = Line()
    line.free.set()
    task = asyncio.create_task(line.relay(await server.open()))
    await until(lambda: log.closed)
    log.happen(2)
    log.tell(RuntimeError("hunter2"))
    await task
    assert (line.taken, line.failed) == ([1, 2], True)


async def test_others_have_a_turn_while_many_are_told(server: Server, log: Log) -> None:
    turns, first = 0, asyncio.Event()

    async def other() -> None:
        nonlocal turns
        await first.wait()
        while True:
            turns += 1
            await asyncio.sleep(0)

    lines = [Line() for _ in range(5 * MEMBERS_AT_ONCE)]
    for line in lines:
        line.free.set()
    lines[0].on_take = first.set
    tasks = [asyncio.create_task(line.relay(await server.open())) for line in lines]
    await until(lambda: sum(stream.is_live for stream in server.streams.subscriptions) == len(lines))
    tasks.append(asyncio.create_task(other()))
    log.happen()
    await until(lambda: lines[-1].taken)
    assert turns >= 4
    assert all(line.taken == [1] for line in lines)
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
    assert (line.taken, line.stretches) == ([1, 2, 3, 4, 5], [1])
    await end([task])


steps = st.lists(st.sampled_from(["happen", "happen", "yield", "yield", "busy", "free"]), max_size=80)


async def play(chosen: list[str], queue_bytes: int, *, stretches: bool) -> None:
    """Do the steps; then all is taken, in order."""
    log = Log(length=3, stretches=stretches)
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
@given(chosen=steps, queue_bytes=st.sampled_from([0, 300, 5_000]), stretches=st.booleans())
def test_a_line_that_is_free_at_times_is_given_all_in_order(
    chosen: list[str], queue_bytes: int, stretches: bool
) -> None:
    asyncio.run(play(chosen, queue_bytes, stretches=stretches))
