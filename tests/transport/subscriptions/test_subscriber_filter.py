"""Not every stream of a group is given everything that the group is told."""

import asyncio

from tests.polling import until
from tests.transport.fake_app import limited
from tests.transport.subscriptions.fake_source import Log, Told
from tests.transport.subscriptions.stream_server import Server, body, joined, numbers, rest

SAME = "subscription($after: String) { told(after: $after) { caller } }"


async def test_a_source_may_want_streams_told_only_what_differs_from_what_they_were_told_last(log: Log) -> None:
    log.distinct, log.snapshot = True, 1
    server = Server(log)
    log.happen()
    same, other = await server.open(SAME), await server.open()
    assert body(await anext(same.frames)) == {"data": {"told": {"caller": "anybody"}}}
    assert await numbers(other, 1) == [1]
    again = await joined(other)
    task = asyncio.create_task(rest(same))
    await until(lambda: log.closed == 2)
    log.happen(3)
    assert await again == [2]
    assert await numbers(other, 2) == [3, 4]
    log.tell(None)
    assert await task == []
    assert log.executed.count(4) == 2
    await other.frames.aclose()


async def test_a_stream_is_told_what_it_passes_each_asked_once_and_in_order(server: Server) -> None:
    log = server.log
    asked: list[int] = []

    def passes(item: Told) -> bool:
        asked.append(item.position)
        return item.position % 2 == 0

    everything = await server.open()
    first = await joined(everything)
    log.passes = passes
    even = await server.open()
    second = await joined(even)
    log.happen(4)
    assert (await first, await second) == ([1], [2])
    assert await numbers(everything, 3) == [2, 3, 4]
    assert await numbers(even, 1) == [4]
    assert asked == [1, 2, 3, 4]
    assert log.executed == [1, 2, 3, 4]
    await everything.frames.aclose()
    await even.frames.aclose()


async def test_a_stream_that_was_told_nothing_yet_goes_on_from_where_it_joined(log: Log) -> None:
    log.joins_at_cursor = True
    server = Server(log, limited(stream_queue_bytes=100))
    log.happen(5)
    slow = await server.open()
    reader = await joined(slow)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    log.happen(9)
    await until(lambda: log.executed[-1:] == [14])
    assert await numbers(slow, 9) == list(range(6, 15))
    assert log.opened == [None, "5"]
    await slow.frames.aclose()
