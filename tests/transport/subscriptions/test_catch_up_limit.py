"""Limit of concurrent catch-ups."""

import asyncio

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, error_codes, frame_body
from transport.subscriptions import ServerShutdown, StreamResponse, catch_up

SLOW = "subscription($after:String){event(after:$after){number slow}}"


async def open_slow_streams(server: StreamServer, count: int) -> list[StreamResponse]:
    server.log.append(count)
    return [await server.open(SLOW, {"after": str(number)}) for number in range(count)]


async def test_concurrent_catch_ups_are_limited(server: StreamServer, log: FakeLog) -> None:
    answers = await open_slow_streams(server, 3 * catch_up.MAX_CONCURRENT_CATCH_UPS)
    tasks = [asyncio.ensure_future(anext(answer.frames)) for answer in answers]
    await wait_until(lambda: len(log.executed) == catch_up.MAX_CONCURRENT_CATCH_UPS)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(log.executed) == len(log.opened_after) == catch_up.MAX_CONCURRENT_CATCH_UPS
    log.gate.set()
    await asyncio.gather(*tasks)
    assert len(log.executed) == len(tasks)


async def test_waiting_for_a_slot_does_not_time_out(log: FakeLog) -> None:
    server = StreamServer(log, with_limits(operation_seconds=0.1))
    answers = await open_slow_streams(server, 2 * catch_up.MAX_CONCURRENT_CATCH_UPS)
    tasks = [asyncio.ensure_future(anext(answer.frames)) for answer in answers]
    late = await asyncio.gather(*tasks[: catch_up.MAX_CONCURRENT_CATCH_UPS])
    log.gate.set()
    others = await asyncio.gather(*tasks[catch_up.MAX_CONCURRENT_CATCH_UPS :])
    assert [error_codes(frame_body(frame)) for frame in late] == [["TIMEOUT"]] * catch_up.MAX_CONCURRENT_CATCH_UPS
    assert [error_codes(frame_body(frame)) for frame in others] == [[]] * catch_up.MAX_CONCURRENT_CATCH_UPS


async def test_shutdown_prevents_waiting_catch_ups(server: StreamServer, log: FakeLog) -> None:
    answers = await open_slow_streams(server, catch_up.MAX_CONCURRENT_CATCH_UPS + 1)
    tasks = [asyncio.ensure_future(anext(answer.frames)) for answer in answers]
    await wait_until(lambda: len(log.executed) == catch_up.MAX_CONCURRENT_CATCH_UPS)
    await server.streams.close(0)
    log.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(log.executed) == catch_up.MAX_CONCURRENT_CATCH_UPS


async def test_shutdown_ends_waiting_catch_ups(server: StreamServer, log: FakeLog) -> None:
    log.gate.set()
    answers = await open_slow_streams(server, catch_up.MAX_CONCURRENT_CATCH_UPS + 1)
    log.append()  # each has two to catch up
    for answer in answers:
        await anext(answer.frames)
    log.gate.clear()
    log.executed.clear()
    tasks = [asyncio.ensure_future(anext(answer.frames)) for answer in answers]
    await wait_until(lambda: len(log.executed) == catch_up.MAX_CONCURRENT_CATCH_UPS)
    await server.streams.close(0)
    log.gate.set()
    received = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in received] == [ServerShutdown] * len(tasks)
    assert len(log.executed) == catch_up.MAX_CONCURRENT_CATCH_UPS
