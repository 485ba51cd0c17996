"""Random reconnects of many readers."""

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, numbers

READERS = 8
LONG = "subscription($after:String){event(after:$after){number text(size:100)}}"

happen = st.tuples(st.just("happen"), st.integers(1, 5))
come_back = st.tuples(st.just("come back"), st.integers(0, READERS - 1))
leave = st.tuples(st.just("leave"), st.integers(0, READERS - 1))
yield_ = st.tuples(st.just("yield"), st.integers(1, 40))


class Reader:
    def __init__(self, server: StreamServer) -> None:
        self._server = server
        self.last = 0
        self._task: asyncio.Task[None] | None = None

    async def _read(self) -> None:
        answer = await self._server.open(LONG, {"after": str(self.last)})
        try:
            while True:
                (number,) = await numbers(answer, 1)
                assert number == self.last + 1
                self.last = number
        finally:
            await answer.frames.aclose()

    async def come_back(self) -> None:
        await self.leave()
        self._task = asyncio.create_task(self._read())

    async def leave(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


async def play(steps: list[tuple[str, int]], queue_bytes: int) -> None:
    log = FakeLog(length=3)
    server = StreamServer(log, with_limits(stream_queue_bytes=queue_bytes))
    readers = [Reader(server) for _ in range(READERS)]
    for step, number in steps:
        if step == "happen":
            log.append(number)
        elif step == "come back":
            await readers[number].come_back()
        elif step == "leave":
            await readers[number].leave()
        else:
            for _ in range(number):
                await asyncio.sleep(0)
    for reader in readers:
        await reader.come_back()
    log.append()
    await wait_until(lambda: all(reader.last == log.length for reader in readers))
    for reader in readers:
        await reader.leave()
    assert not server.streams.subscriptions
    assert not len(server.streams.groups)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.one_of(happen, come_back, come_back, leave, yield_), max_size=60),
    queue_bytes=st.sampled_from([1, 400, 2_000, 100_000]),
)
def test_reconnecting_readers_get_each_item_once(steps: list[tuple[str, int]], queue_bytes: int) -> None:
    asyncio.run(asyncio.wait_for(play(steps, queue_bytes), 30))
