"""What one subscriber gets of its group's results."""

import asyncio

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, frame_body, numbers, read_live, remaining

SAME = "subscription($after: String) { event(after: $after) { caller } }"


async def test_distinct_source_skips_repeated_results(log: FakeLog) -> None:
    log.distinct, log.snapshot_size = True, 1
    server = StreamServer(log)
    log.append()
    same, other = await server.open(SAME), await server.open()
    assert frame_body(await anext(same.frames)) == {"data": {"event": {"caller": "anybody"}}}
    assert await numbers(other, 1) == [1]
    again = await read_live(other)
    task = asyncio.create_task(remaining(same))
    await wait_until(lambda: log.closed_count == 2)
    log.append(3)
    assert await again == [2]
    assert await numbers(other, 2) == [3, 4]
    log.publish(None)
    assert await task == []
    assert log.executed.count(4) == 2


async def test_overflowed_stream_resumes_from_catch_up_cursor(log: FakeLog) -> None:
    log.has_caught_up_cursor = True
    server = StreamServer(log, with_limits(stream_queue_bytes=100))
    log.append(5)
    slow = await server.open()
    reader = await read_live(slow)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    log.append(9)
    await wait_until(lambda: slow.frames._overflowed)  # type: ignore[attr-defined]  # it is a SubscriberStream
    assert await numbers(slow, 9) == list(range(6, 15))
    assert log.opened_after == [None, "5"]
