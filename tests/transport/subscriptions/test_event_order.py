"""Random interleavings of items, reads and reconnects."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.polling import TIMEOUT_SECONDS
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, numbers
from transport.subscriptions import fanout

READERS = 3
QUERY = "subscription($after:String){event(after:$after){number text(size:100)}}"

happen = st.tuples(st.just("happen"), st.integers(1, 8))
read = st.tuples(st.just("read"), st.integers(0, READERS - 1))
come_back = st.tuples(st.just("come back"), st.integers(0, READERS - 1))
yield_ = st.tuples(st.just("yield"), st.integers(1, 3))


class Reader:
    def __init__(self, server: StreamServer, after: int) -> None:
        self._server = server
        self.last = after

    async def begin(self) -> None:
        self.answer = await self._server.open(QUERY, {"after": str(self.last)})

    async def read(self) -> None:
        if self.last < self._server.log.length:
            (number,) = await numbers(self.answer, 1)
            assert number == self.last + 1
            self.last = number

    async def come_back(self) -> None:
        await self.answer.frames.aclose()
        await self.begin()


async def play(steps: list[tuple[str, int]], queue_bytes: int, *, stretches: bool) -> None:
    log = FakeLog(length=5, is_buffered=stretches)
    server = StreamServer(log, with_limits(stream_queue_bytes=queue_bytes))
    readers = [Reader(server, after) for after in range(READERS)]
    for reader in readers:
        await reader.begin()
    for step, number in steps:
        if step == "happen":
            log.append(number)
        elif step == "read":
            await readers[number].read()
        elif step == "come back":
            await readers[number].come_back()
        else:
            for _ in range(number):
                await asyncio.sleep(0)
        assert server.streams.queued_bytes <= READERS * queue_bytes
    for reader in readers:
        while reader.last < log.length:
            await reader.read()
        await reader.answer.frames.aclose()


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.one_of(happen, read, come_back, yield_), max_size=60),
    queue_bytes=st.sampled_from([1, 400, 2_000]),
    stretches=st.booleans(),
    at_once=st.sampled_from([1, fanout.YIELD_EVERY]),
)
def test_each_reader_gets_each_item_once(
    steps: list[tuple[str, int]], queue_bytes: int, stretches: bool, at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fanout, "YIELD_EVERY", at_once)
        asyncio.run(asyncio.wait_for(play(steps, queue_bytes, stretches=stretches), TIMEOUT_SECONDS))
