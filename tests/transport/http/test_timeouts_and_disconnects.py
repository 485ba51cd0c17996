"""Time limits and disconnects, on the bare ASGI interface. No test sleeps."""

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from structlog.testing import capture_logs

from tests.live_server import serve_app
from tests.polling import TIMEOUT_SECONDS
from tests.transport.fake_app import FakeApp, with_limits
from tests.transport.http.asgi_call import AsgiCall, body_message, chunk_message, run_alongside


async def test_disconnect_cancels_operation(fake_app: FakeApp) -> None:
    call = AsgiCall(fake_app.endpoint(), body_message("query Slow{slow}"))

    async def leave() -> None:
        await fake_app.slow_started.wait()
        call.deliver({"type": "http.disconnect"})

    with capture_logs() as log:
        await run_alongside(call, leave)
    assert fake_app.slow_cancelled.is_set()
    assert call.sent == []
    assert fake_app.contexts_closed == 1
    assert [(line["event"], line["name"], line["outcome"], line["status"]) for line in log] == [
        ("operation", "Slow", "gone", None)
    ]


async def test_closed_socket_cancels_operation(fake_app: FakeApp) -> None:
    app = Starlette(routes=[Route("/graphql", fake_app.endpoint())])
    async with asyncio.timeout(TIMEOUT_SECONDS), serve_app(app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(head + b'Content-Length: 18\r\n\r\n{"query":"{slow}"}')
        await fake_app.slow_started.wait()
        writer.close()
        await fake_app.slow_cancelled.wait()


async def test_slow_operation_responds_to_connected_client(fake_app: FakeApp) -> None:
    call = AsgiCall(fake_app.endpoint(), body_message("{slow}"))

    async def open_the_gate() -> None:
        await fake_app.slow_started.wait()
        # The watcher runs once it has received this message, which it ignores.
        call.deliver({"type": "http.request", "body": b"", "more_body": False})
        await call.all_received()
        fake_app.slow_may_finish.set()

    await run_alongside(call, open_the_gate)
    assert call.response() == (200, {"data": {"slow": "at last"}})


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
    call = AsgiCall(endpoint, body_message("mutation{write}"))

    async def leave() -> None:
        await begun.wait()
        call.deliver({"type": "http.disconnect"})

    await run_alongside(call, leave)
    release.set()
    await asyncio.wait_for(committed.wait(), TIMEOUT_SECONDS)


async def test_operation_over_time_limit_gets_timeout(fake_app: FakeApp) -> None:
    call = AsgiCall(fake_app.endpoint(with_limits(operation_seconds=0.01)), body_message("query Slow{slow}"))
    with capture_logs() as log:
        await run_alongside(call)
    status, body = call.response()
    assert status == 200
    assert body["data"] is None
    assert [error["extensions"]["code"] for error in body["errors"]] == ["TIMEOUT"]
    assert "0.01 seconds" in body["errors"][0]["message"]
    assert fake_app.slow_cancelled.is_set()
    assert (log[0]["name"], log[0]["outcome"]) == ("Slow", ["TIMEOUT"])


async def test_timeout_error_of_context_is_internal_error(fake_app: FakeApp) -> None:
    fake_app.context_error = TimeoutError()
    call = AsgiCall(fake_app.endpoint(), body_message("{hello}"))
    await run_alongside(call)
    assert call.response()[1]["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_idle_body_is_408_and_closes_connection(fake_app: FakeApp) -> None:
    call = AsgiCall(fake_app.endpoint(with_limits(body_idle_seconds=0.01)), chunk_message(b'{"query":'))
    await run_alongside(call)
    assert call.response()[0] == 408
    assert (b"connection", b"close") in call.sent[0]["headers"]


async def test_chunked_body_is_joined(fake_app: FakeApp) -> None:
    call = AsgiCall(fake_app.endpoint())
    for chunk in (b'{"query":', b"", b'"{hel', b'lo}"}'):
        call.deliver(chunk_message(chunk))
    call.deliver({"type": "http.request"})
    await run_alongside(call)
    assert call.response() == (200, {"data": {"hello": "Hello, you"}})


async def test_disconnect_within_body_runs_nothing(fake_app: FakeApp) -> None:
    call = AsgiCall(fake_app.endpoint(), chunk_message(b'{"query":'), {"type": "http.disconnect"})
    await run_alongside(call)
    assert call.sent == []
    assert fake_app.contexts_opened == 0


async def test_cancellation_by_server_is_no_disconnect(fake_app: FakeApp) -> None:
    call = AsgiCall(fake_app.endpoint(), body_message("{slow}"))
    task = asyncio.create_task(call.run())
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
    call = AsgiCall(endpoint, body_message("{echo}"))
    await run_alongside(call)
    status, body = call.response()
    assert (status, body["errors"][0]["extensions"]["code"]) == (200, "INTERNAL_SERVER_ERROR")
