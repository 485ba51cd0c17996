"""Time limits and disconnects, on the bare ASGI interface. No test sleeps."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from tests.polling import TIMEOUT_SECONDS
from tests.transport.fake_app import FakeApp, with_limits
from transport import GraphQLEndpoint

Message = dict[str, Any]


def post_scope(content_type: bytes) -> Message:
    headers = [(b"host", b"localhost"), (b"content-type", content_type), (b"accept", b"application/json")]
    return {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}


def body_message(query: str) -> Message:
    return {"type": "http.request", "body": orjson.dumps({"query": query}), "more_body": False}


class AsgiCall:
    """Calls the endpoint with messages that the test delivers one by one."""

    def __init__(self, endpoint: GraphQLEndpoint, content_type: bytes = b"application/json") -> None:
        self._endpoint = endpoint
        self._content_type = content_type
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []

    def deliver(self, message: Message) -> None:
        self._incoming.put_nowait(message)

    async def all_received(self) -> None:
        """Wait until all messages are received."""
        await self._incoming.join()

    async def run(self) -> None:

        async def send(message: Any) -> None:
            self.sent.append(message)

        async def receive() -> Message:
            message = await self._incoming.get()
            self._incoming.task_done()
            return message

        await self._endpoint(post_scope(self._content_type), receive, send)

    def response(self) -> tuple[int, Any]:
        return self.sent[0]["status"], orjson.loads(self.sent[1]["body"])


async def run_alongside(call: Callable[[], Awaitable[None]], *before: Callable[[], Awaitable[Any]]) -> None:
    """Run a call alongside steps of the test; fails if the call does not end."""
    async with asyncio.timeout(TIMEOUT_SECONDS), asyncio.TaskGroup() as tasks:
        tasks.create_task(_wrap(call))
        for step in before:
            await step()


async def _wrap(call: Callable[[], Awaitable[None]]) -> None:
    await call()


async def test_disconnect_cancels_operation(fake_app: FakeApp) -> None:
    caller = AsgiCall(fake_app.endpoint())
    caller.deliver(body_message("query Slow{slow}"))

    async def leave() -> None:
        await fake_app.slow_started.wait()
        caller.deliver({"type": "http.disconnect"})

    with capture_logs() as log:
        await run_alongside(caller.run, leave)
    assert fake_app.slow_cancelled.is_set()
    assert caller.sent == []
    assert fake_app.contexts_closed == 1
    assert [(line["event"], line["name"], line["outcome"], line["status"]) for line in log] == [
        ("operation", "Slow", "gone", None)
    ]


async def test_slow_operation_responds_to_connected_client(fake_app: FakeApp) -> None:
    caller = AsgiCall(fake_app.endpoint())
    caller.deliver(body_message("{slow}"))

    async def open_the_gate() -> None:
        await fake_app.slow_started.wait()
        # The watcher runs once it has received this message, which it ignores.
        caller.deliver({"type": "http.request", "body": b"", "more_body": False})
        await caller.all_received()
        fake_app.slow_may_finish.set()

    await run_alongside(caller.run, open_the_gate)
    assert caller.response() == (200, {"data": {"slow": "at last"}})


async def test_work_in_another_task_survives_disconnect(fake_app: FakeApp) -> None:
    committed = asyncio.Event()
    begun = asyncio.Event()
    release = asyncio.Event()

    async def commit() -> str:
        begun.set()
        await release.wait()
        committed.set()
        return "written"

    async def write(_source: Any, _info: Any) -> str:
        return await asyncio.shield(asyncio.create_task(commit()))

    endpoint = fake_app.endpoint()
    field = endpoint.execution.schema.mutation_type.fields["write"]  # type: ignore[union-attr]  # there is one
    field.resolve = write
    caller = AsgiCall(endpoint)
    caller.deliver(body_message("mutation{write}"))

    async def leave() -> None:
        await begun.wait()
        caller.deliver({"type": "http.disconnect"})

    await run_alongside(caller.run, leave)
    release.set()
    await asyncio.wait_for(committed.wait(), TIMEOUT_SECONDS)


async def test_operation_over_time_limit_gets_timeout(fake_app: FakeApp) -> None:
    caller = AsgiCall(fake_app.endpoint(with_limits(operation_seconds=0.01)))
    caller.deliver(body_message("query Slow{slow}"))
    with capture_logs() as log:
        await run_alongside(caller.run)
    status, body = caller.response()
    assert status == 200
    assert body["data"] is None
    assert [error["extensions"]["code"] for error in body["errors"]] == ["TIMEOUT"]
    assert "0.01 seconds" in body["errors"][0]["message"]
    assert fake_app.slow_cancelled.is_set()
    assert (log[0]["name"], log[0]["outcome"]) == ("Slow", ["TIMEOUT"])


async def test_timeout_error_of_context_is_internal_error(fake_app: FakeApp) -> None:
    fake_app.context_error = TimeoutError()
    caller = AsgiCall(fake_app.endpoint())
    caller.deliver(body_message("{hello}"))
    await run_alongside(caller.run)
    assert caller.response()[1]["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_idle_body_is_408_and_closes_connection(fake_app: FakeApp) -> None:
    caller = AsgiCall(fake_app.endpoint(with_limits(body_idle_seconds=0.01)))
    caller.deliver({"type": "http.request", "body": b'{"query":', "more_body": True})
    await run_alongside(caller.run)
    assert caller.response()[0] == 408
    assert (b"connection", b"close") in caller.sent[0]["headers"]


async def test_chunked_body_is_joined(fake_app: FakeApp) -> None:
    caller = AsgiCall(fake_app.endpoint())
    for piece in (b'{"query":', b"", b'"{hel', b'lo}"}'):
        caller.deliver({"type": "http.request", "body": piece, "more_body": True})
    caller.deliver({"type": "http.request"})
    await run_alongside(caller.run)
    assert caller.response() == (200, {"data": {"hello": "Hello, you"}})


async def test_disconnect_within_body_runs_nothing(fake_app: FakeApp) -> None:
    caller = AsgiCall(fake_app.endpoint())
    caller.deliver({"type": "http.request", "body": b'{"query":', "more_body": True})
    caller.deliver({"type": "http.disconnect"})
    await run_alongside(caller.run)
    assert caller.sent == []
    assert fake_app.contexts_opened == 0


async def test_cancellation_by_server_is_no_disconnect(fake_app: FakeApp) -> None:
    caller = AsgiCall(fake_app.endpoint())
    caller.deliver(body_message("{slow}"))
    task = asyncio.create_task(_wrap(caller.run))
    await fake_app.slow_started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert fake_app.contexts_closed == 1


async def test_cancelled_future_of_resolver_is_internal_error(fake_app: FakeApp) -> None:
    async def wait_for_another(_source: Any, _info: Any) -> str:
        other: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        other.cancel()
        return await other

    endpoint = fake_app.endpoint()
    field = endpoint.execution.schema.query_type.fields["echo"]  # type: ignore[union-attr]  # there is one
    field.resolve = wait_for_another
    caller = AsgiCall(endpoint)
    caller.deliver(body_message("{echo}"))
    await run_alongside(caller.run)
    status, body = caller.response()
    assert (status, body["errors"][0]["extensions"]["code"]) == (200, "INTERNAL_SERVER_ERROR")
