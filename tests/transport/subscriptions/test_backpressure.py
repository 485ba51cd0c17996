"""Queue overflow and slow consumers."""

import asyncio

import pytest

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, numbers, read_live
from transport.subscriptions import SlowConsumer

TEXT = "subscription($after:String){event(after:$after){number text(size:1000)}}"


@pytest.fixture
def narrow(log: FakeLog) -> StreamServer:
    return StreamServer(log, with_limits(stream_queue_bytes=3_500))


async def test_overflowed_stream_catches_up_from_the_source(narrow: StreamServer, log: FakeLog) -> None:
    quick, slow = await narrow.open(TEXT), await narrow.open(TEXT)
    first = [await read_live(quick), await read_live(slow)]
    log.append()
    await asyncio.gather(*first)
    assert log.opened_after == [None, None]
    for number in range(2, 100):
        log.append()
        assert await numbers(quick, 1) == [number]
        assert narrow.streams.queued_bytes <= 3_500
    assert log.opened_after == [None, None]
    assert await numbers(slow, 98) == list(range(2, 100))
    assert log.opened_after == [None, None, "1"]
    again = await read_live(slow)
    log.append()
    assert await again == [100]


async def test_overflow_during_catch_up_starts_another(narrow: StreamServer, log: FakeLog) -> None:
    slow = await narrow.open(TEXT)
    log.append(5)
    first = await read_live(slow)
    log.append()
    assert await first == [6]
    for _ in range(10):
        log.append()
        await wait_until(lambda: log.executed[-1] == log.length)
    assert await numbers(slow, 1) == [7]
    assert log.opened_after == [None, "6"]
    for _ in range(10):
        log.append()
        await wait_until(lambda: log.executed[-1] == log.length)
    assert await numbers(slow, 19) == list(range(8, 27))
    assert log.opened_after == [None, "6", "16"]


async def test_result_longer_than_the_queue_reaches_its_reader(log: FakeLog) -> None:
    server = StreamServer(log, with_limits(stream_queue_bytes=100))
    answer = await server.open(TEXT)
    waiting = await read_live(answer)
    log.append()
    assert await waiting == [1]
    log.append()
    await wait_until(lambda: log.executed[-1] == 2)
    assert await numbers(answer, 1) == [2]
    assert log.opened_after == [None, "1"]


async def test_slow_consumer_is_closed(log: FakeLog) -> None:
    server = StreamServer(log, with_limits(stream_stall_seconds=0.1))
    stuck, fine = await server.open(), await server.open()
    received = asyncio.Event()
    stuck.frames.on_slow_consumer = received.set
    first = [await read_live(stuck), await read_live(fine, 2)]
    log.append()
    await first[0]
    log.append()
    assert await first[1] == [1, 2]
    await received.wait()
    assert server.streams.queued_bytes == 0
    with pytest.raises(SlowConsumer):
        await anext(stuck.frames)
    again = asyncio.create_task(numbers(fine, 1))
    await asyncio.sleep(0)
    log.append()
    assert await again == [3]


async def test_slow_consumer_in_catch_up_is_closed(log: FakeLog) -> None:
    log.append(3)
    server = StreamServer(log, with_limits(stream_stall_seconds=0.1))
    answer = await server.open(variables={"after": "0"})
    assert await numbers(answer, 1) == [1]
    received = asyncio.Event()
    answer.frames.on_slow_consumer = received.set
    await received.wait()
    await answer.frames.aclose()
    assert log.closed_count == 1


async def test_idle_stream_is_not_a_slow_consumer(log: FakeLog) -> None:
    server = StreamServer(log, with_limits(stream_stall_seconds=0.001))
    answer = await server.open()
    waiting = await read_live(answer, 2)
    log.append()
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, later.set)
    await later.wait()
    log.append()
    assert await waiting == [1, 2]
