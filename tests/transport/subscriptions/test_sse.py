"""Server-sent events, byte for byte."""

import orjson
import pytest
from structlog.testing import capture_logs

from tests.polling import wait_until
from tests.transport.fake_app import ExpectedError, with_limits
from tests.transport.subscriptions.asgi_client import AsgiRequest, fake_endpoint
from tests.transport.subscriptions.fake_source import FakeItem, FakeLog
from tests.transport.subscriptions.stream_server import SUBSCRIBE

EVENTS = "text/event-stream"
NUMBERS = "subscription($after:String){event(after:$after){number}}"


def event(number: int) -> bytes:
    return b'event: next\nid: %d\ndata: {"data":{"event":{"number":%d}}}\n\n' % (number, number)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_subscription_is_a_stream_of_events_with_cursors(log: FakeLog, method: str) -> None:
    log.append(2)
    members = {"variables": {"after": "0"}}
    async with AsgiRequest(fake_endpoint(log), EVENTS, NUMBERS, method=method, members=members) as call:
        status, headers = await call.response_start()
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache, no-store", "no")
        assert await call.next_chunk() == b":\n\n"
        assert [await call.next_chunk(), await call.next_chunk()] == [event(1), event(2)]
        await wait_until(lambda: log.closed_count)
        log.append()
        assert await call.next_chunk() == event(3)
        log.publish(None)
        assert await call.remaining_body() == b"event: complete\ndata:\n\n"


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_last_event_id_overrides_the_argument(log: FakeLog, method: str) -> None:
    log.append(3)
    members = {"variables": {"after": "0"}}
    headers = {"last-event-id": "2"}
    async with AsgiRequest(
        fake_endpoint(log), EVENTS, NUMBERS, method=method, members=members, headers=headers
    ) as call:
        await call.response_start()
        assert await call.next_chunk() == b":\n\n"
        assert await call.next_chunk() == event(3)
    assert log.opened_after == ["2"]


async def test_idle_stream_sends_its_cursor_at_the_start(log: FakeLog) -> None:
    log.append(2)
    log.has_caught_up_cursor = True
    async with AsgiRequest(fake_endpoint(log), EVENTS, NUMBERS) as call:
        await call.response_start()
        assert [await call.next_chunk(), await call.next_chunk()] == [b":\n\n", b"id: 2\n:\n\n"]
        log.append()
        assert await call.next_chunk() == event(3)
    async with AsgiRequest(fake_endpoint(log), EVENTS, NUMBERS, headers={"last-event-id": "3"}) as call:
        await call.response_start()
        await call.next_chunk()
        await wait_until(lambda: log.closed_count == 2)
        log.append()
        assert await call.next_chunk() == event(4)


async def test_empty_last_event_id_is_ignored(log: FakeLog) -> None:
    log.append(1)
    async with AsgiRequest(fake_endpoint(log), EVENTS, NUMBERS, headers={"last-event-id": ""}) as call:
        await wait_until(lambda: log.closed_count)
        assert log.opened_after == [None]
        call.disconnect()


@pytest.mark.parametrize(
    ("query", "body"),
    [("{hello}", b'{"data":{"hello":"hello anybody"}}'), ("mutation{write}", b'{"data":{"write":"written"}}')],
)
async def test_query_or_mutation_is_one_event(log: FakeLog, query: str, body: bytes) -> None:
    async with AsgiRequest(fake_endpoint(log), EVENTS, query) as call:
        assert (await call.response_start())[0] == 200
        assert await call.remaining_body() == b":\n\nevent: next\ndata: " + body + b"\n\nevent: complete\ndata:\n\n"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{nothing}", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($r:Int){event(room:$r){number}}", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription{event(room:"locked"){number}}', "FORBIDDEN"),
        ('subscription{broken(how:"surprise"){number}}', "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_operation_errors_are_an_event(log: FakeLog, query: str, code: str) -> None:
    async with AsgiRequest(fake_endpoint(log), EVENTS, query) as call:
        assert (await call.response_start())[0] == 200
        sent = (await call.remaining_body()).split(b"\n\n")
    assert sent[1].startswith(b"event: next\ndata: ")
    result = orjson.loads(sent[1].partition(b"data: ")[2])
    assert [error["extensions"]["code"] for error in result["errors"]] == [code]
    assert "data" not in result
    assert sent[2:] == [b"event: complete\ndata:", b""]


@pytest.mark.parametrize(
    ("code", "status"), [("UNAUTHENTICATED", 401), ("RATE_LIMITED", 429), ("SERVICE_UNAVAILABLE", 503)]
)
async def test_caller_and_server_errors_are_a_status(log: FakeLog, code: str, status: int) -> None:
    log.caller_error = ExpectedError("no", code=code)
    async with AsgiRequest(fake_endpoint(log), EVENTS, NUMBERS) as call:
        answered, headers = await call.response_start()
        assert (answered, headers["content-type"]) == (status, "application/json; charset=utf-8")
        assert code.encode() in await call.remaining_body()


async def test_idle_stream_sends_comments(log: FakeLog) -> None:
    async with AsgiRequest(fake_endpoint(log, with_limits(stream_heartbeat_seconds=0.001)), EVENTS, NUMBERS) as call:
        await call.response_start()
        assert [await call.next_chunk() for _ in range(5)] == [b":\n\n"] * 5
        log.append()
        while (sent := await call.next_chunk()) == b":\n\n":
            pass
        assert sent == event(1)


async def test_source_failure_is_an_event_and_completes(log: FakeLog) -> None:
    log.open_error = RuntimeError("hunter2")
    with capture_logs() as logged:
        async with AsgiRequest(fake_endpoint(log), EVENTS, NUMBERS) as call:
            await call.response_start()
            sent = await call.remaining_body()
    assert sent.count(b"event: next\ndata: ") == 1
    assert b"INTERNAL_SERVER_ERROR" in sent
    assert b"hunter2" not in sent
    assert sent.endswith(b"\n\nevent: complete\ndata:\n\n")
    assert logged[-1]["outcome"] == ["INTERNAL_SERVER_ERROR"]


async def test_deferred_payloads_are_events(log: FakeLog) -> None:
    async with AsgiRequest(fake_endpoint(log), EVENTS, "{thing{id ...@defer{name}}}") as call:
        await call.response_start()
        sent = (await call.remaining_body()).split(b"\n\n")
    assert [orjson.loads(piece.partition(b"data: ")[2]) for piece in sent[1:3]] == [
        {"data": {"thing": {"id": "1"}}, "pending": [{"id": "0", "path": ["thing"]}], "hasNext": True},
        {"hasNext": False, "incremental": [{"data": {"name": "one"}, "id": "0"}], "completed": [{"id": "0"}]},
    ]
    assert sent[3] == b"event: complete\ndata:"


@pytest.mark.parametrize("cursor", ["a\nb", "a\rb", "a\0b", None])
async def test_cursor_with_line_breaks_is_not_sent(
    log: FakeLog, cursor: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.transport.subscriptions.fake_source.item", lambda number: FakeItem(number, {"number": number}, cursor)
    )
    log.append()
    async with AsgiRequest(fake_endpoint(log), EVENTS, NUMBERS, members={"variables": {"after": "0"}}) as call:
        await call.response_start()
        await call.next_chunk()
        assert await call.next_chunk() == b'event: next\ndata: {"data":{"event":{"number":1}}}\n\n'


async def test_disconnect_closes_the_source(log: FakeLog) -> None:
    app = fake_endpoint(log)
    with capture_logs() as logged:
        async with AsgiRequest(app, EVENTS, SUBSCRIBE) as call:
            await wait_until(lambda: log.closed_count)
            call.disconnect()
    await wait_until(lambda: log.unfollow_count)
    assert not app.streams.subscriptions
    assert not app.streams.groups
    assert [(line["name"], line["outcome"]) for line in logged] == [("Events", "gone")]


async def test_shutdown_ends_the_stream_without_complete(log: FakeLog) -> None:
    app = fake_endpoint(log)
    async with AsgiRequest(app, EVENTS, NUMBERS) as call:
        await call.response_start()
        await wait_until(lambda: log.closed_count)
        await app.streams.close(0)
        sent = await call.remaining_body()
        assert sent.startswith(b":\n\n: ")
        assert b"complete" not in sent
    async with AsgiRequest(app, EVENTS, NUMBERS) as call:
        status, headers = await call.response_start()
        assert (status, headers["retry-after"]) == (503, "1")
    async with AsgiRequest(app, EVENTS, "{hello}") as call:
        assert (await call.response_start())[0] == 200
