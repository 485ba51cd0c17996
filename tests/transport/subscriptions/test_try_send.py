"""Frames that are sent within the group's delivery."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, frame_body
from transport.subscriptions import Frame, StreamResponse
from transport.subscriptions.fanout import BUNDLE_BYTES, BUNDLE_SIZE, YIELD_EVERY

QUERY = "subscription($after:String){event(after:$after){number text(size:100)}}"


@dataclass
class FakeConnection:
    sent: list[int] = field(default_factory=list)
    bundle_sizes: list[int] = field(default_factory=list)
    bundle_bytes: list[int] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    failed: bool = False
    on_take: Callable[[], None] | None = None

    def try_send(self, received: Sequence[Frame]) -> bool:
        if self.free.is_set():
            self.bundle_sizes.append(len(received))
            self.bundle_bytes.append(sum(len(frame.payload) for frame in received))
            for frame in received:
                self._take(frame)
        return self.free.is_set()

    async def forward(self, answer: StreamResponse) -> None:
        answer.frames.try_send = self.try_send
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
        self.sent.append(frame_body(frame)["data"]["event"]["number"])


async def end(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_try_send_does_not_wake_the_reader(server: StreamServer, log: FakeLog) -> None:
    lines = [FakeConnection() for _ in range(10)]
    for line in lines:
        line.free.set()
    tasks = [asyncio.create_task(line.forward(await server.open())) for line in lines]
    await wait_until(lambda: sum(stream.is_live for stream in server.streams.subscriptions) == 10)
    for _ in range(5):
        log.append()
        await wait_until(lambda: len(lines[-1].sent) == log.length)
    assert [(line.sent, line.bundle_sizes) for line in lines] == [([1, 2, 3, 4, 5], [1] * 5)] * 10
    await end(tasks)


async def test_ready_items_are_sent_in_bundles(server: StreamServer, log: FakeLog) -> None:
    line = FakeConnection()
    line.free.set()
    task = asyncio.create_task(line.forward(await server.open()))
    await wait_until(lambda: log.closed_count)
    log.append(2 * BUNDLE_SIZE + 1)
    await wait_until(lambda: len(line.sent) == log.length)
    assert line.bundle_sizes == [BUNDLE_SIZE, BUNDLE_SIZE, 1]
    assert line.sent == log.executed == list(range(1, log.length + 1))
    await end([task])


async def test_bundle_of_long_results_is_bounded(server: StreamServer, log: FakeLog) -> None:
    line = FakeConnection()
    line.free.set()
    task = asyncio.create_task(line.forward(await server.open("subscription{event{number text(size:10000)}}")))
    await wait_until(lambda: log.closed_count)
    log.append(BUNDLE_SIZE)
    await wait_until(lambda: len(line.sent) == log.length)
    assert max(line.bundle_bytes) < BUNDLE_BYTES + 11_000
    assert line.sent == list(range(1, BUNDLE_SIZE + 1))
    await end([task])


async def test_items_before_a_failure_are_sent(server: StreamServer, log: FakeLog) -> None:
    line = FakeConnection()
    line.free.set()
    task = asyncio.create_task(line.forward(await server.open()))
    await wait_until(lambda: log.closed_count)
    log.append(2)
    log.publish(RuntimeError("hunter2"))
    await task
    assert (line.sent, line.failed) == ([1, 2], True)


async def test_delivery_yields_to_other_tasks(server: StreamServer, log: FakeLog) -> None:
    turns, first = 0, asyncio.Event()

    async def other() -> None:
        nonlocal turns
        await first.wait()
        while True:
            turns += 1
            await asyncio.sleep(0)

    lines = [FakeConnection() for _ in range(5 * YIELD_EVERY)]
    for line in lines:
        line.free.set()
    lines[0].on_take = first.set
    tasks = [asyncio.create_task(line.forward(await server.open())) for line in lines]
    await wait_until(lambda: sum(stream.is_live for stream in server.streams.subscriptions) == len(lines))
    tasks.append(asyncio.create_task(other()))
    log.append()
    await wait_until(lambda: lines[-1].sent)
    assert turns >= 4
    assert all(line.sent == [1] for line in lines)
    await end(tasks)


async def test_catch_up_and_queue_come_before_try_send(server: StreamServer, log: FakeLog) -> None:
    log.append(2)
    line = FakeConnection()
    answer = await server.open(QUERY, {"after": "0"})
    task = asyncio.create_task(line.forward(answer))
    await wait_until(lambda: log.followers)
    log.append(2)
    await wait_until(lambda: answer.frames.queued_bytes)  # type: ignore[attr-defined]  # it is a SubscriberStream
    line.free.set()
    await wait_until(lambda: len(line.sent) == 4)
    await wait_until(lambda: log.closed_count)
    log.append()
    await wait_until(lambda: len(line.sent) == 5)
    assert (line.sent, line.bundle_sizes) == ([1, 2, 3, 4, 5], [1])
    await end([task])


steps = st.lists(st.sampled_from(["happen", "happen", "yield", "yield", "busy", "free"]), max_size=80)


async def run_steps(chosen: list[str], queue_bytes: int, *, stretches: bool) -> None:
    log = FakeLog(length=3, is_buffered=stretches)
    server = StreamServer(log, with_limits(stream_queue_bytes=queue_bytes))
    line = FakeConnection()
    task = asyncio.create_task(line.forward(await server.open(QUERY, {"after": "0"})))
    for step in chosen:
        match step:
            case "happen":
                log.append()
            case "yield":
                await asyncio.sleep(0)
            case "busy":
                line.free.clear()
            case "free":
                line.free.set()
    line.free.set()
    await wait_until(lambda: len(line.sent) >= log.length)
    assert line.sent == list(range(1, log.length + 1))
    await end([task])


@settings(max_examples=60, deadline=None)
@given(chosen=steps, queue_bytes=st.sampled_from([1, 300, 5_000]), stretches=st.booleans())
def test_intermittent_connection_gets_all_in_order(chosen: list[str], queue_bytes: int, stretches: bool) -> None:
    asyncio.run(run_steps(chosen, queue_bytes, stretches=stretches))
