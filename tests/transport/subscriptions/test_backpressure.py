"""A reader that is slow costs its queue at most, loses nothing, and disturbs nobody."""

import asyncio

import pytest

from tests.polling import until
from tests.transport.fake_app import limited
from tests.transport.subscriptions.fake_source import Log
from tests.transport.subscriptions.stream_server import Server, joined, numbers
from transport.subscriptions import TooSlow

TEXT = "subscription($after:String){told(after:$after){number text(size:1000)}}"


@pytest.fixture
def narrow(log: Log) -> Server:
    """A server with room for about three results of TEXT in each queue."""
    return Server(log, limited(stream_queue_bytes=3_500))


async def test_a_reader_that_falls_behind_catches_up_from_the_source_and_misses_nothing(narrow: Server) -> None:
    log = narrow.log
    quick, slow = await narrow.open(TEXT), await narrow.open(TEXT)
    first = [await joined(quick), await joined(slow)]
    log.happen()
    await asyncio.gather(*first)
    assert log.opened == [None, None]
    for number in range(2, 100):
        log.happen()
        assert await numbers(quick, 1) == [number]
        assert narrow.streams.queued_bytes <= 3_500
    assert log.opened == [None, None]
    assert await numbers(slow, 98) == list(range(2, 100))
    assert log.opened == [None, None, "1"]
    again = await joined(slow)
    log.happen()
    assert await again == [100]
    await quick.frames.aclose()
    await slow.frames.aclose()


async def test_a_reader_that_falls_behind_while_it_catches_up_does_so_again(narrow: Server) -> None:
    log = narrow.log
    slow = await narrow.open(TEXT)
    log.happen(5)
    first = await joined(slow)
    log.happen()
    assert await first == [6]
    for _ in range(10):
        log.happen()
        await until(lambda: log.executed[-1] == log.length)
    assert await numbers(slow, 1) == [7]
    assert log.opened == [None, "6"]
    for _ in range(10):
        log.happen()
        await until(lambda: log.executed[-1] == log.length)
    assert await numbers(slow, 19) == list(range(8, 27))
    assert log.opened == [None, "6", "16"]
    await slow.frames.aclose()


async def test_a_result_that_is_longer_than_the_queue_reaches_who_waits_for_it(log: Log) -> None:
    server = Server(log, limited(stream_queue_bytes=100))
    answer = await server.open(TEXT)
    waiting = await joined(answer)
    log.happen()
    assert await waiting == [1]
    log.happen()
    await until(lambda: log.executed[-1] == 2)
    assert await numbers(answer, 1) == [2]
    assert log.opened == [None, "1"]
    await answer.frames.aclose()


async def test_a_reader_that_takes_nothing_is_cut_off(log: Log) -> None:
    server = Server(log, limited(stream_stall_seconds=0.1))
    stuck, fine = await server.open(), await server.open()
    told = asyncio.Event()
    stuck.frames.on_too_slow = told.set
    first = [await joined(stuck), await joined(fine, 2)]
    log.happen()
    await first[0]
    log.happen()
    assert await first[1] == [1, 2]
    await told.wait()
    assert server.streams.queued_bytes == 0
    with pytest.raises(TooSlow):
        await anext(stuck.frames)
    again = asyncio.create_task(numbers(fine, 1))
    await asyncio.sleep(0)
    log.happen()
    assert await again == [3]
    await stuck.frames.aclose()
    await fine.frames.aclose()


async def test_a_reader_that_takes_nothing_of_its_beginning_is_cut_off(log: Log) -> None:
    log.happen(3)
    server = Server(log, limited(stream_stall_seconds=0.1))
    answer = await server.open(variables={"after": "0"})
    assert await numbers(answer, 1) == [1]
    told = asyncio.Event()
    answer.frames.on_too_slow = told.set
    await told.wait()
    await answer.frames.aclose()
    assert log.closed == 1


async def test_silence_is_no_stall(log: Log) -> None:
    server = Server(log, limited(stream_stall_seconds=0.001))
    answer = await server.open()
    waiting = await joined(answer, 2)
    log.happen()
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, later.set)
    await later.wait()
    log.happen()
    assert await waiting == [1, 2]
    await answer.frames.aclose()
