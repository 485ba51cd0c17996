"""Errors of sources and of single items."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from tests.polling import TIMEOUT_SECONDS, wait_until
from tests.transport.fake_app import ExpectedError
from tests.transport.subscriptions.fake_source import FakeLog, items
from tests.transport.subscriptions.stream_server import (
    SUBSCRIBE,
    StreamServer,
    block_catch_up,
    error_codes,
    frame_body,
    numbers,
    read_live,
    remaining,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("hunter2"), "INTERNAL_SERVER_ERROR"),
        (ExpectedError("not now", code="SERVICE_UNAVAILABLE"), "SERVICE_UNAVAILABLE"),
    ],
)
@pytest.mark.parametrize("place", ["open_error", "follow_error", "context_error"])
async def test_failing_source_ends_stream_with_error(
    server: StreamServer, place: str, error: Exception, code: str
) -> None:
    server.log.append()
    setattr(server.log, place, error)
    answer = await server.open(variables={"after": "0"})
    with capture_logs() as logged:
        frames = [frame async for frame in answer.frames]
    await answer.frames.aclose()
    result = frame_body(frames[-1])
    assert (error_codes(result), frames[-1].failed) == ([code], True)
    assert "data" not in result
    assert "hunter2" not in str(result) + str(logged)
    assert not server.streams.subscriptions
    assert not server.streams.groups


async def test_source_failure_ends_all_streams_of_the_group(server: StreamServer, log: FakeLog) -> None:
    answers = [await server.open() for _ in range(3)]
    tasks = [await read_live(answer) for answer in answers]
    log.append(2)
    log.publish(RuntimeError("hunter2"))
    for task, answer in zip(tasks, answers, strict=True):
        assert await task == [1]
        assert [error_codes(result) for result in await remaining(answer)] == [[], ["INTERNAL_SERVER_ERROR"]]
    assert not server.streams.groups


async def test_failing_item_context_ends_the_stream(server: StreamServer) -> None:
    answer = await server.open()
    task = await read_live(answer)
    server.log.append()
    assert await task == [1]
    server.log.context_error = ExpectedError("token revoked", code="UNAUTHENTICATED")
    server.log.append()
    assert [error_codes(result) for result in await remaining(answer)] == [["UNAUTHENTICATED"]]


@pytest.mark.parametrize("field", ["fails", "unencodable"])
async def test_resolver_error_does_not_end_the_stream(server: StreamServer, field: str) -> None:
    server.log.append()
    query = f"subscription($after:String){{event(after:$after){{number {field}}}}}"
    answer = await server.open(query, {"after": "0"})
    first_frame = await anext(answer.frames)
    server.log.append()
    following = await anext(answer.frames)
    for frame, cursor in ((first_frame, "1"), (following, "2")):
        result = frame_body(frame)
        assert (result["data"], error_codes(result)) == (None, ["INTERNAL_SERVER_ERROR"])
        assert (frame.cursor, frame.failed) == (cursor, False)
        assert "hunter2" not in str(result)


async def test_item_timeout_does_not_end_the_stream(server: StreamServer, log: FakeLog) -> None:
    log.append(2)
    answer = await server.open('subscription{event(after:"0"){number slow}}')
    server.streams.execution.seconds = 0.01
    assert error_codes(frame_body(await anext(answer.frames))) == ["TIMEOUT"]
    server.streams.execution.seconds = 10
    log.gate.set()
    assert await numbers(answer, 1) == [2]


async def test_catch_up_timeout_ends_the_stream(server: StreamServer, log: FakeLog) -> None:
    answer = await server.open()
    block_catch_up(answer, log)
    server.streams.execution.seconds = 0.01
    assert [error_codes(result) for result in await remaining(answer)] == [["TIMEOUT"]]


async def test_follow_timeout_ends_the_stream(server: StreamServer, log: FakeLog) -> None:
    @asynccontextmanager
    async def never() -> AsyncIterator[AsyncIterator[object]]:
        await log.gate.wait()
        yield items(asyncio.Queue())

    answers = [await server.open() for _ in range(2)]
    for answer in answers:
        answer.frames._query.source.follow = never  # type: ignore[attr-defined]  # it is a Subscription
    server.streams.execution.seconds = 0.01
    async with asyncio.timeout(TIMEOUT_SECONDS):
        received = await asyncio.gather(*map(remaining, answers))
    assert [[error_codes(result) for result in results] for results in received] == [[["TIMEOUT"]]] * 2


async def test_foreign_cancellation_is_an_unexpected_error(server: StreamServer) -> None:
    def cancelled() -> None:
        raise asyncio.CancelledError

    server.log.on_open = cancelled
    answer = await server.open()
    assert [error_codes(result) for result in await remaining(answer)] == [["INTERNAL_SERVER_ERROR"]]


async def test_cancelled_reader_releases_group_and_source(server: StreamServer) -> None:
    answer = await server.open(SUBSCRIBE)
    task = await read_live(answer)
    task.cancel()
    await wait_until(task.done)
    await answer.frames.aclose()
    assert not server.streams.groups
    assert not server.streams.subscriptions
    await wait_until(lambda: server.log.unfollow_count == 1)
