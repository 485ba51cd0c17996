"""Multipart responses, byte for byte."""

import orjson
import pytest

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.asgi_client import AsgiRequest, fake_endpoint
from tests.transport.subscriptions.fake_source import FakeLog

SUBSCRIPTIONS = 'multipart/mixed;subscriptionSpec="1.0", application/json'
PARTS = "multipart/mixed;incrementalSpec=v0.2, application/graphql-response+json, application/json;q=0.9"
NUMBERS = "subscription($after:String){event(after:$after){number}}"
DEFERRED = "{thing{id ...@defer{name}}}"
HEAD = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"
BOUNDARY = b"\r\n--graphql"


def parts(sent: bytes) -> list[object]:
    first, *middle, last = sent.split(BOUNDARY)
    assert (first, last) == (b"", b"--\r\n")
    assert all(part.startswith(HEAD) for part in middle)
    return [orjson.loads(part.removeprefix(HEAD)) for part in middle]


async def test_each_result_is_a_part_with_its_boundary(log: FakeLog) -> None:
    log.append(1)
    async with AsgiRequest(fake_endpoint(log), SUBSCRIPTIONS, NUMBERS, members={"variables": {"after": "0"}}) as call:
        status, headers = await call.response_start()
        assert (status, headers["content-type"]) == (200, 'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0')
        assert await call.next_chunk() == BOUNDARY
        assert await call.next_chunk() == HEAD + b'{"payload":{"data":{"event":{"number":1}}}}' + BOUNDARY
        await wait_until(lambda: log.closed_count)
        log.append()
        assert await call.next_chunk() == HEAD + b'{"payload":{"data":{"event":{"number":2}}}}' + BOUNDARY
        log.publish(None)
        assert await call.remaining_body() == b"--\r\n"


async def test_idle_stream_sends_empty_parts(log: FakeLog) -> None:
    async with AsgiRequest(
        fake_endpoint(log, with_limits(stream_heartbeat_seconds=0.001)), SUBSCRIPTIONS, NUMBERS
    ) as call:
        await call.response_start()
        await call.next_chunk()
        assert [await call.next_chunk() for _ in range(3)] == [HEAD + b"{}" + BOUNDARY] * 3


async def test_stream_errors_are_beside_the_payload(log: FakeLog) -> None:
    log.append(1)
    query = 'subscription{event(after:"0"){number fails}}'
    async with AsgiRequest(fake_endpoint(log), SUBSCRIPTIONS, query) as call:
        await call.response_start()
        await call.next_chunk()
        field = await call.next_chunk()
        assert field.startswith(HEAD + b'{"payload":{"errors":[')
        await wait_until(lambda: log.closed_count)
        log.publish(RuntimeError("hunter2"))
        (fault,) = parts(BOUNDARY + await call.remaining_body())
    assert isinstance(fault, dict)
    assert fault["payload"] is None
    assert [error["extensions"]["code"] for error in fault["errors"]] == ["INTERNAL_SERVER_ERROR"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [("{", 400, b"GRAPHQL_PARSE_FAILED"), ('subscription{event(room:"locked"){number}}', 403, b"FORBIDDEN")],
)
async def test_refused_operation_is_json_with_its_status(log: FakeLog, query: str, status: int, code: bytes) -> None:
    accept = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json"
    async with AsgiRequest(fake_endpoint(log), accept, query) as call:
        answered, headers = await call.response_start()
        assert (answered, headers["content-type"]) == (status, "application/graphql-response+json; charset=utf-8")
        assert code in await call.remaining_body()


async def test_deferred_result_is_multipart(log: FakeLog) -> None:
    async with AsgiRequest(fake_endpoint(log), PARTS, DEFERRED) as call:
        status, headers = await call.response_start()
        assert (status, headers["content-type"]) == (200, 'multipart/mixed; boundary="graphql"; incrementalSpec=v0.2')
        assert parts(await call.remaining_body()) == [
            {"data": {"thing": {"id": "1"}}, "pending": [{"id": "0", "path": ["thing"]}], "hasNext": True},
            {"hasNext": False, "incremental": [{"data": {"name": "one"}, "id": "0"}], "completed": [{"id": "0"}]},
        ]


async def test_result_without_deferred_payloads_is_json(log: FakeLog) -> None:
    async with AsgiRequest(fake_endpoint(log), PARTS, "{thing{id ...@defer(if:false){name}}}") as call:
        _, headers = await call.response_start()
        assert headers["content-type"] == "application/graphql-response+json; charset=utf-8"
        assert await call.remaining_body() == b'{"data":{"thing":{"id":"1","name":"one"}}}'


async def test_shutdown_sends_service_unavailable(log: FakeLog) -> None:
    app = fake_endpoint(log)
    async with AsgiRequest(app, SUBSCRIPTIONS, NUMBERS) as call:
        await call.response_start()
        await wait_until(lambda: log.closed_count)
        await app.streams.close(0)
        (received,) = parts(await call.remaining_body())
    assert isinstance(received, dict)
    assert received["payload"] is None
    assert received["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
