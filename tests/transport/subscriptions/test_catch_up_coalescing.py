"""Coalescing of equal catch-ups."""

import asyncio
from contextlib import suppress

import pytest

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, error_codes, frame_body, numbers
from transport.subscriptions import Frame, ServerShutdown, StreamOptions, StreamResponse

SUBSCRIBERS = 1_000
SLOW = "subscription($after:String){event(after:$after){number slow}}"
LONG = "subscription($after:String){event(after:$after){number text(size:100)}}"


async def open_streams(server: StreamServer, count: int, query: str = SLOW, after: str = "0") -> list[StreamResponse]:
    return [await server.open(query, {"after": after}) for _ in range(count)]


async def start_reading(
    server: StreamServer, answers: list[StreamResponse], count: int = 1
) -> list["asyncio.Task[list[int]]"]:
    tasks = [asyncio.create_task(numbers(answers[0], count))]
    await wait_until(server.log.slow_started.is_set)
    tasks += [asyncio.create_task(numbers(answer, count)) for answer in answers[1:]]
    await yield_to_loop()
    assert len(server.log.opened_after) == 1
    return tasks


async def yield_to_loop() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_simultaneous_catch_ups_are_executed_once(server: StreamServer, log: FakeLog) -> None:
    log.gate.set()
    log.append(3)
    answers = await open_streams(server, SUBSCRIBERS)
    assert await asyncio.gather(*(numbers(answer, 3) for answer in answers)) == [[1, 2, 3]] * SUBSCRIBERS
    assert (log.opened_after, log.executed) == (["0"], [1, 2, 3])


async def test_catch_ups_behind_a_running_one_are_executed_once(server: StreamServer, log: FakeLog) -> None:
    log.append(3)
    answers = await open_streams(server, SUBSCRIBERS)
    tasks = await start_reading(server, answers, 3)
    log.gate.set()
    assert await asyncio.gather(*tasks) == [[1, 2, 3]] * SUBSCRIBERS
    # The first stream read alone; the second read for all others.
    assert len(log.opened_after) == 2
    assert sorted(log.executed) == [1, 1, 2, 2, 3, 3]
    log.append()
    assert await asyncio.gather(*(numbers(answer, 1) for answer in answers)) == [[4]] * SUBSCRIBERS
    assert sorted(log.executed)[6:] == [4]


async def test_late_stream_gets_a_newer_snapshot(server: StreamServer, log: FakeLog) -> None:
    log.snapshot_size = 1
    log.append()
    answers = [await server.open("subscription{event{number slow}}") for _ in range(2)]
    first = asyncio.create_task(numbers(answers[0], 1))
    await wait_until(log.slow_started.is_set)
    log.append()
    second = asyncio.create_task(numbers(answers[1], 1))
    log.gate.set()
    assert (await first, await second) == ([1], [2])


async def test_different_last_event_ids_are_not_coalesced(server: StreamServer, log: FakeLog) -> None:
    log.append(3)
    answers = [await server.open(SLOW, options=StreamOptions(after=after)) for after in ("0", "0", "2")]
    tasks = [asyncio.create_task(numbers(answer, 1)) for answer in answers]
    await yield_to_loop()
    log.gate.set()
    assert await asyncio.gather(*tasks) == [[1], [1], [3]]


async def test_different_catch_ups_do_not_wait_for_each_other(server: StreamServer, log: FakeLog) -> None:
    log.append(2)
    answers = [
        *await open_streams(server, 1),
        *await open_streams(server, 1, LONG),
        *await open_streams(server, 1, after="1"),
    ]
    tasks = [asyncio.create_task(numbers(answer, 1)) for answer in answers]
    assert await tasks[1] == [1]
    await wait_until(lambda: sorted(log.opened_after, key=str) == ["0", "0", "1"])
    log.gate.set()
    assert [await task for task in tasks] == [[1], [1], [2]]


async def test_follower_replaces_a_leader_that_left(server: StreamServer, log: FakeLog) -> None:
    log.append(2)
    answers = await open_streams(server, 4)
    tasks = await start_reading(server, answers, 2)
    tasks[1].cancel()  # the next leader
    with suppress(asyncio.CancelledError):
        await tasks.pop(1)
    await yield_to_loop()
    assert len(log.opened_after) == 1
    log.gate.set()
    assert await asyncio.gather(*tasks) == [[1, 2]] * 3
    assert len(log.opened_after) == 2


async def test_follower_restarts_after_leader_left_while_reading(server: StreamServer, log: FakeLog) -> None:
    log.append(2)
    answers = await open_streams(server, 4)
    first, second, *others = await start_reading(server, answers, 2)
    log.on_open = log.gate.clear
    log.gate.set()
    await wait_until(lambda: len(log.opened_after) == 2)
    log.on_open = None
    await yield_to_loop()
    second.cancel()
    await wait_until(log.slow_cancelled.is_set)
    log.gate.set()
    assert await asyncio.gather(first, *others) == [[1, 2]] * 3
    assert len(log.opened_after) == 3


async def test_catch_up_longer_than_the_queue_is_not_shared(log: FakeLog) -> None:
    server = StreamServer(log, with_limits(stream_queue_bytes=300))
    log.append(5)
    answers = await open_streams(
        server, 4, "subscription($after:String){event(after:$after){number slow text(size:100)}}"
    )
    tasks = await start_reading(server, answers, 5)
    log.on_open = lambda: log.gate.clear() if len(log.opened_after) > 2 else None
    log.gate.set()
    # All read alone now, and none waits for another.
    await wait_until(lambda: len(log.opened_after) == 4)
    log.on_open = None
    log.gate.set()
    assert await asyncio.gather(*tasks) == [[1, 2, 3, 4, 5]] * 4


async def test_failed_item_is_not_shared(server: StreamServer, log: FakeLog) -> None:
    log.append(2)
    answers = await open_streams(server, 4)
    tasks = await start_reading(server, answers)

    def fail_once() -> None:
        log.context_error = RuntimeError("hunter2") if len(log.opened_after) == 2 else None

    log.on_open = fail_once
    log.gate.set()
    first, failed, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(failed, KeyError)  # the result has no data
    assert (first, others) == ([1], [[1], [1]])


async def test_shutdown_ends_a_running_catch_up(server: StreamServer) -> None:
    server.log.append()
    (answer,) = await open_streams(server, 1)
    (task,) = await start_reading(server, [answer])
    await server.streams.close(0)
    server.log.gate.set()
    with pytest.raises(ServerShutdown):
        await task


async def test_source_failure_is_not_shared(server: StreamServer, log: FakeLog) -> None:
    log.append()
    answers = await open_streams(server, 3)
    tasks = [asyncio.create_task(frame(answers[0]))]
    await wait_until(log.slow_started.is_set)
    tasks += [asyncio.create_task(frame(answer)) for answer in answers[1:]]
    log.open_error = RuntimeError("hunter2")
    log.gate.set()
    first, *others = await asyncio.gather(*tasks)
    assert error_codes(frame_body(first)) == []
    assert [error_codes(frame_body(each)) for each in others] == [["INTERNAL_SERVER_ERROR"]] * 2
    assert len({frame_body(each)["errors"][0]["extensions"]["errorId"] for each in others}) == 2


async def frame(answer: StreamResponse) -> Frame:
    return await anext(answer.frames)
