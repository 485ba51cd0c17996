"""Random interleavings of items, reads, pauses and reconnects of many readers."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, numbers
from transport.subscriptions import fanout

READERS = 8
QUERY = "subscription($after:String){event(after:$after){number text(size:100)}}"

reader_steps = st.tuples(
    st.sampled_from(["pause", "resume", "reconnect", "reconnect", "disconnect"]), st.integers(0, READERS - 1)
)
other_steps = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 8)), st.tuples(st.just("yield"), st.sampled_from([1, 2, 3, 10, 40]))
)


class Reader:
    def __init__(self, server: StreamServer, after: int) -> None:
        self._server = server
        self.last = after
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._task: asyncio.Task[None] | None = None

    async def _read(self) -> None:
        response = await self._server.open(QUERY, {"after": str(self.last)})
        try:
            while True:
                await self._may_read.wait()
                (number,) = await numbers(response, 1)
                assert number == self.last + 1
                self.last = number
        finally:
            await response.frames.aclose()

    @property
    def is_connected(self) -> bool:
        return self._task is not None and not self._task.done()

    async def pause(self) -> None:
        self._may_read.clear()

    async def resume(self) -> None:
        self._may_read.set()

    async def reconnect(self) -> None:
        await self.disconnect()
        self._task = asyncio.create_task(self._read())

    async def disconnect(self) -> None:
        """Cancel the reader wherever it is; raises its assertion errors."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


async def run_steps(steps: list[tuple[str, int]], queue_bytes: int, *, is_buffered: bool) -> None:
    log = FakeLog(length=5, is_buffered=is_buffered)
    server = StreamServer(log, with_limits(stream_queue_bytes=queue_bytes))
    readers = [Reader(server, number % 4) for number in range(READERS)]
    for step, number in steps:
        if step == "append":
            log.append(number)
        elif step == "yield":
            for _ in range(number):
                await asyncio.sleep(0)
        else:
            await getattr(readers[number], step)()
        assert server.streams.queued_bytes <= READERS * queue_bytes
    for reader in readers:
        await reader.resume()
        if not reader.is_connected:
            await reader.reconnect()
    log.append()
    await wait_until(lambda: all(reader.last == log.length for reader in readers))
    for reader in readers:
        await reader.disconnect()
    assert not server.streams.subscriptions
    assert not len(server.streams.groups)


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(st.one_of(reader_steps, other_steps), max_size=80),
    queue_bytes=st.sampled_from([1, 400, 2_000, 100_000]),
    is_buffered=st.booleans(),
    yield_every=st.sampled_from([1, fanout.YIELD_EVERY]),
)
def test_each_reader_gets_each_item_once(
    steps: list[tuple[str, int]], queue_bytes: int, is_buffered: bool, yield_every: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fanout, "YIELD_EVERY", yield_every)
        asyncio.run(asyncio.wait_for(run_steps(steps, queue_bytes, is_buffered=is_buffered), 30))
