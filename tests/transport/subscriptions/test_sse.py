"""Server-sent events, byte for byte."""

import orjson
import pytest
from structlog.testing import capture_logs

from tests.polling import until
from tests.transport.fake_app import Expected, limited
from tests.transport.subscriptions.asgi_client import Call, endpoint
from tests.transport.subscriptions.fake_source import Log, Told
from tests.transport.subscriptions.stream_server import ASK

EVENTS = "text/event-stream"
NUMBERS = "subscription($after:String){told(after:$after){number}}"


def event(number: int) -> bytes:
    """What is sent of an item."""
    return b'event: next\nid: %d\ndata: {"data":{"told":{"number":%d}}}\n\n' % (number, number)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_subscription_is_a_stream_of_events_with_cursors(log: Log, method: str) -> None:
    log.happen(2)
    members = {"variables": {"after": "0"}}
    async with Call(endpoint(log), EVENTS, NUMBERS, method=method, members=members) as call:
        status, headers = await call.start()
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache, no-store", "no")
        assert await call.piece() == b":\n\n"
        assert [await call.piece(), await call.piece()] == [event(1), event(2)]
        await until(lambda: log.closed)
        log.happen()
        assert await call.piece() == event(3)
        log.tell(None)
        assert await call.rest() == b"event: complete\ndata:\n\n"


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_last_event_id_resumes_and_counts_more_than_the_argument(log: Log, method: str) -> None:
    log.happen(3)
    members = {"variables": {"after": "0"}}
    headers = {"last-event-id": "2"}
    async with Call(endpoint(log), EVENTS, NUMBERS, method=method, members=members, headers=headers) as call:
        await call.start()
        assert await call.piece() == b":\n\n"
        assert await call.piece() == event(3)
    assert log.opened == ["2"]


async def test_a_stream_that_has_nothing_to_tell_yet_says_where_it_begins(log: Log) -> None:
    log.happen(2)
    log.joins_at_cursor = True
    async with Call(endpoint(log), EVENTS, NUMBERS) as call:
        await call.start()
        assert [await call.piece(), await call.piece()] == [b":\n\n", b"id: 2\n:\n\n"]
        log.happen()
        assert await call.piece() == event(3)
    async with Call(endpoint(log), EVENTS, NUMBERS, headers={"last-event-id": "3"}) as call:
        await call.start()
        await call.piece()
        await until(lambda: log.closed == 2)
        # It knows that.
        log.happen()
        assert await call.piece() == event(4)


async def test_an_empty_last_event_id_is_none(log: Log) -> None:
    log.happen(1)
    async with Call(endpoint(log), EVENTS, NUMBERS, headers={"last-event-id": ""}) as call:
        await until(lambda: log.closed)
        assert log.opened == [None]
        call.leave()


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("{hello}", b'{"data":{"hello":"hello anybody"}}'),
        ("mutation{write}", b'{"data":{"write":"written"}}'),
    ],
)
async def test_queries_and_mutations_are_one_event(log: Log, query: str, body: bytes) -> None:
    async with Call(endpoint(log), EVENTS, query) as call:
        assert (await call.start())[0] == 200
        assert await call.rest() == b":\n\nevent: next\ndata: " + body + b"\n\nevent: complete\ndata:\n\n"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{nothing}", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($r:Int){told(room:$r){number}}", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription{told(room:"locked"){number}}', "FORBIDDEN"),
        ('subscription{broken(how:"surprise"){number}}', "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_what_is_wrong_with_the_operation_is_an_event(log: Log, query: str, code: str) -> None:
    async with Call(endpoint(log), EVENTS, query) as call:
        assert (await call.start())[0] == 200
        sent = (await call.rest()).split(b"\n\n")
    assert sent[1].startswith(b"event: next\ndata: ")
    result = orjson.loads(sent[1].partition(b"data: ")[2])
    assert [error["extensions"]["code"] for error in result["errors"]] == [code]
    assert "data" not in result
    assert sent[2:] == [b"event: complete\ndata:", b""]


@pytest.mark.parametrize(
    ("code", "status"), [("UNAUTHENTICATED", 401), ("RATE_LIMITED", 429), ("SERVICE_UNAVAILABLE", 503)]
)
async def test_what_is_wrong_with_the_caller_or_the_server_is_a_status(log: Log, code: str, status: int) -> None:
    log.caller_error = Expected("no", code=code)
    async with Call(endpoint(log), EVENTS, NUMBERS) as call:
        answered, headers = await call.start()
        assert (answered, headers["content-type"]) == (status, "application/json; charset=utf-8")
        assert code.encode() in await call.rest()


async def test_a_mutation_by_get_is_refused(log: Log) -> None:
    async with Call(endpoint(log), EVENTS, "mutation{write}", method="GET") as call:
        status, headers = await call.start()
        assert (status, headers["allow"]) == (405, "POST")


async def test_silence_is_broken_by_comments(log: Log) -> None:
    async with Call(endpoint(log, limited(stream_heartbeat_seconds=0.001)), EVENTS, NUMBERS) as call:
        await call.start()
        assert [await call.piece() for _ in range(5)] == [b":\n\n"] * 5
        log.happen()
        while (sent := await call.piece()) == b":\n\n":
            pass
        assert sent == event(1)


async def test_a_source_that_fails_is_an_event_and_the_end(log: Log) -> None:
    log.open_error = RuntimeError("hunter2")
    with capture_logs() as logged:
        async with Call(endpoint(log), EVENTS, NUMBERS) as call:
            await call.start()
            sent = await call.rest()
    assert sent.count(b"event: next\ndata: ") == 1
    assert b"INTERNAL_SERVER_ERROR" in sent
    assert b"hunter2" not in sent
    assert sent.endswith(b"\n\nevent: complete\ndata:\n\n")
    assert logged[-1]["outcome"] == ["INTERNAL_SERVER_ERROR"]


async def test_results_in_parts_are_events(log: Log) -> None:
    async with Call(endpoint(log), EVENTS, "{thing{id ...@defer{name}}}") as call:
        await call.start()
        sent = (await call.rest()).split(b"\n\n")
    assert [orjson.loads(piece.partition(b"data: ")[2]) for piece in sent[1:3]] == [
        {"data": {"thing": {"id": "1"}}, "pending": [{"id": "0", "path": ["thing"]}], "hasNext": True},
        {"hasNext": False, "incremental": [{"data": {"name": "one"}, "id": "0"}], "completed": [{"id": "0"}]},
    ]
    assert sent[3] == b"event: complete\ndata:"


@pytest.mark.parametrize("cursor", ["a\nb", "a\rb", "a\0b", None])
async def test_a_cursor_cannot_break_out_of_its_line(
    log: Log, cursor: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.transport.subscriptions.fake_source.item", lambda number: Told(number, {"number": number}, cursor)
    )
    log.happen()
    async with Call(endpoint(log), EVENTS, NUMBERS, members={"variables": {"after": "0"}}) as call:
        await call.start()
        await call.piece()
        assert await call.piece() == b'event: next\ndata: {"data":{"told":{"number":1}}}\n\n'


async def test_a_client_that_leaves_closes_the_source(log: Log) -> None:
    app = endpoint(log)
    with capture_logs() as logged:
        async with Call(app, EVENTS, ASK) as call:
            await until(lambda: log.closed)
            call.leave()
    await until(lambda: log.unfollowed)
    assert not app.streams.subscriptions
    assert not app.streams.groups
    assert [(line["name"], line["outcome"]) for line in logged] == [("Told", "gone")]


async def test_a_server_that_stops_ends_the_stream_without_completing_it(log: Log) -> None:
    app = endpoint(log)
    async with Call(app, EVENTS, NUMBERS) as call:
        await call.start()
        await until(lambda: log.closed)
        await app.streams.close(0)
        sent = await call.rest()
        assert sent.startswith(b":\n\n: ")
        assert b"complete" not in sent
    async with Call(app, EVENTS, NUMBERS) as call:
        status, headers = await call.start()
        assert (status, headers["retry-after"]) == (503, "1")
    async with Call(app, EVENTS, "{hello}") as call:
        assert (await call.start())[0] == 200
