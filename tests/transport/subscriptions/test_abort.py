"""Abort at the end of a shutdown."""

import asyncio
from contextlib import AsyncExitStack, closing
from typing import Any

import orjson
import pytest

from tests.polling import TIMEOUT_SECONDS, wait_until
from tests.transport.subscriptions.asgi_client import fake_endpoint
from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer, block_catch_up, error_codes, frame_body, remaining
from tests.transport.subscriptions.test_shutdown import run_server
from transport.server import server as transport_server
from transport.subscriptions import ServerShutdown

HEAD = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
FORM = HEAD.replace(b"application/json", b"multipart/form-data; boundary=b") + b"GraphQL-Require-Preflight: 1\r\n"
PARTS = b"Accept: multipart/mixed;incrementalSpec=v0.2, application/json\r\n"


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_server, "DRAIN_SECONDS", 0.01)
    monkeypatch.setattr(transport_server, "REQUEST_SECONDS", 0.05)


def post(query: str, *more: bytes) -> bytes:
    sent = orjson.dumps({"query": query})
    return b"".join((HEAD, *more, b"Content-Length: %d\r\n\r\n" % len(sent), sent))


REQUESTS = {
    "half a body": HEAD + b'Content-Length: 100\r\n\r\n{"query":',
    "half a form": FORM + b"Content-Length: 100\r\n\r\n--b\r\nContent-Disp",
    "no body": HEAD + b"Content-Length: 100\r\n\r\n",
    "a query": post("{slow}"),
    "a query that wants events": post("{slow}", b"Accept: text/event-stream\r\n"),
}


@pytest.mark.parametrize("what", REQUESTS)
async def test_incomplete_and_slow_requests_get_503_at_shutdown(log: FakeLog, what: str) -> None:
    app = fake_endpoint(log)
    async with asyncio.timeout(TIMEOUT_SECONDS), run_server(app) as (port, server, task):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            writer.write(REQUESTS[what])
            await wait_until(lambda: server.server_state.tasks)
            server.should_exit = True
            head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
            await task
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1\r\n" in head
    assert head.count(b"\r\nconnection: close") == 1
    assert error_codes(orjson.loads(answer)) == ["SERVICE_UNAVAILABLE"]
    assert log.contexts_exited == ("a query" in what)


async def test_multipart_response_is_completed_at_shutdown(log: FakeLog) -> None:
    app = fake_endpoint(log)
    async with asyncio.timeout(TIMEOUT_SECONDS), run_server(app) as (port, server, task):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            writer.write(post("{hello thing{id ...@defer{slow}}}", PARTS))
            await log.slow_started.wait()
            server.should_exit = True
            answer = await reader.read()
            await task
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"hasNext":false' in answer
    assert b"SERVICE_UNAVAILABLE" in answer
    assert answer.endswith(b"--graphql\r\n4\r\n--\r\n\r\n0\r\n\r\n")


async def test_requests_that_finish_in_time_are_answered(log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_server, "REQUEST_SECONDS", 10)
    app = fake_endpoint(log)
    async with asyncio.timeout(TIMEOUT_SECONDS), AsyncExitStack() as stack, run_server(app) as (port, server, task):
        connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for (_, writer), sent in zip(connections, (post("{slow}"), post("mutation{write}")[:-3], b""), strict=True):
            stack.enter_context(closing(writer))
            writer.write(sent)
        await log.slow_started.wait()
        await wait_until(lambda: len(server.server_state.tasks) == 2)
        server.should_exit = True
        await wait_until(lambda: app.streams.draining.started)
        connections[1][1].write(post("mutation{write}")[-3:])
        log.gate.set()
        answers = [await reader.read() for reader, _ in connections]
        await task
    assert [answer.partition(b"\r\n\r\n")[2] for answer in answers] == [
        b'{"data":{"slow":"at last"}}',
        b'{"data":{"write":"written"}}',
        b"",
    ]
    assert all(answer.count(b"\r\nconnection: close") == 1 for answer in answers[:2])


async def test_abort_fails_running_and_new_operations(server: StreamServer) -> None:
    async def event(query: str) -> Any:
        answer = await server.open(query)
        return [(frame.get("data"), error_codes(frame)) for frame in await remaining(answer)]

    running = asyncio.create_task(event("{slow}"))
    await server.log.slow_started.wait()
    server.streams.abort()
    assert await running == [(None, ["SERVICE_UNAVAILABLE"])]
    assert server.log.slow_cancelled.is_set()
    assert await event("{slow}") == [(None, ["SERVICE_UNAVAILABLE"])]
    assert await event("subscription{event{number}}") == [(None, ["SERVICE_UNAVAILABLE"])]
    assert server.log.contexts_exited == 3


async def test_abort_completes_each_pending_payload_with_an_error(server: StreamServer) -> None:
    answer = await server.open("{hello thing{id ...@defer{slow}}}")
    first = frame_body(await anext(answer.frames))
    waiting = asyncio.create_task(remaining(answer))
    await server.log.slow_started.wait()
    server.streams.abort()
    (last,) = await waiting
    assert last["hasNext"] is False
    assert [part["id"] for part in last["completed"]] == [part["id"] for part in first["pending"]]
    assert [error_codes(part) for part in last["completed"]] == [["SERVICE_UNAVAILABLE"]]


async def test_stream_in_catch_up_is_closed_by_shutdown(server: StreamServer, log: FakeLog) -> None:
    answer = await server.open()
    block_catch_up(answer, log)
    reading = asyncio.create_task(remaining(answer))
    await log.slow_started.wait()
    await server.streams.close(0.01)
    server.streams.abort()
    with pytest.raises(ServerShutdown):
        await reading
    assert not server.streams.subscriptions
