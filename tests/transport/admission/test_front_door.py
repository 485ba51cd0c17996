"""What clients of an overloaded server receive, on every transport."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, NamedTuple

import orjson
import pytest
from structlog.testing import capture_logs

from tests.transport.admission.overload import REFUSES_ALL, REFUSES_HEAVY, REFUSES_QUERIES, overload, pass_time
from tests.transport.fake_app import FakeApp
from tests.transport.http.asgi_call import AsgiCall, body_message, chunk_message
from tests.transport.subscriptions.asgi_client import AsgiRequest, fake_endpoint
from tests.transport.subscriptions.fake_source import Caller, FakeLog
from tests.transport.subscriptions.stream_server import SUBSCRIBE
from tests.transport.test_metrics import scrape
from transport import Access, Client, GraphQLEndpoint, TransportSettings
from transport.documents.operation import Work
from transport.websocket import WebSocketEndpoint

JSON: Final = "application/json"
SHORT: Final = "{ hello }"
HEAVY: Final = "{ things { thing { thing { id } } } }"
MUTATION: Final = "mutation { write }"
OPERATIONS: Final = {"subscription": SUBSCRIBE, "heavy": HEAVY, "short": SHORT, "mutation": MUTATION}


class Answer(NamedTuple):
    """What a client received; without `extensions` the operation was accepted."""

    status: int | None
    retry_after: str | None
    extensions: dict[str, Any] | None


Send = Callable[[GraphQLEndpoint, str], Awaitable[Answer]]


async def send_http(endpoint: GraphQLEndpoint, query: str, *, accept: str, method: str = "POST") -> Answer:
    async with AsgiRequest(endpoint, accept, query, method=method) as call:
        status, headers = await call.response_start()
        if status == 200:
            return Answer(200, None, None)
        assert headers["content-type"].partition(";")[0] in (JSON, "application/graphql-response+json")
        [error] = orjson.loads(await call.remaining_body())["errors"]
        return Answer(status, headers["retry-after"], error["extensions"])


async def send_websocket(endpoint: GraphQLEndpoint, query: str) -> Answer:
    async with socket(endpoint) as (send, receive):
        send({"id": "1", "type": "subscribe", "payload": {"query": query}})
        if query == SUBSCRIBE and not endpoint.admission.is_refusing:
            return Answer(None, None, None)  # nothing happens that it could send
        message = await receive()
        if message["type"] != "error":
            return Answer(None, None, None)
        [error] = message["payload"]
        send({"type": "ping"})  # the socket remains open
        assert await receive() == {"type": "pong"}
        return Answer(None, None, error["extensions"])


@asynccontextmanager
async def socket(
    endpoint: GraphQLEndpoint,
) -> AsyncIterator[tuple[Callable[[Any], None], Callable[[], Awaitable[Any]]]]:
    """Open a socket that is initialised; yields a function to send and one to receive."""

    @asynccontextmanager
    async def make_context(_: Client) -> AsyncIterator[Caller]:
        yield Caller()

    incoming: asyncio.Queue[Any] = asyncio.Queue()
    outgoing: asyncio.Queue[Any] = asyncio.Queue()
    app = WebSocketEndpoint(endpoint.streams, Access(make_context), TransportSettings())
    scope = {"type": "websocket", "headers": [(b"host", b"localhost")], "subprotocols": ["graphql-transport-ws"]}
    incoming.put_nowait({"type": "websocket.connect"})
    task = asyncio.create_task(app(scope, incoming.get, outgoing.put))

    def send(message: Any) -> None:
        incoming.put_nowait({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

    async def receive() -> Any:
        return orjson.loads((await outgoing.get())["text"])

    send({"type": "connection_init"})
    assert (await outgoing.get())["type"] == "websocket.accept"
    assert await receive() == {"type": "connection_ack"}
    yield send, receive
    incoming.put_nowait({"type": "websocket.disconnect"})
    await task


TRANSPORTS: Final[dict[str, tuple[Send, set[str]]]] = {
    "JSON": (partial(send_http, accept=JSON), {"heavy", "short", "mutation"}),
    "GraphQL JSON": (partial(send_http, accept="application/graphql-response+json"), {"heavy", "short", "mutation"}),
    "GET": (partial(send_http, accept=JSON, method="GET"), {"heavy", "short"}),
    "server-sent events": (partial(send_http, accept=f"text/event-stream, {JSON};q=0.5"), set(OPERATIONS)),
    "multipart": (partial(send_http, accept=f"multipart/mixed;subscriptionSpec=1.0, {JSON}"), set(OPERATIONS)),
    "WebSocket": (send_websocket, set(OPERATIONS)),
}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("lag", "refused"),
    [
        (0.0, set[str]()),
        (REFUSES_HEAVY, {"subscription", "heavy"}),
        (REFUSES_QUERIES, {"subscription", "heavy", "short"}),
        (REFUSES_ALL, set(OPERATIONS)),
    ],
)
async def test_overloaded_server_answers_at_once_by_priority(
    log: FakeLog, transport: str, lag: float, refused: set[str]
) -> None:
    endpoint = fake_endpoint(log)
    overload(endpoint.admission, lag)
    send, offered = TRANSPORTS[transport]
    for name in sorted(offered):
        answer = await send(endpoint, OPERATIONS[name])
        assert (answer.extensions is not None) == (name in refused), name
        if answer.extensions is not None:
            assert (answer.extensions["code"], answer.extensions["retryable"]) == ("SERVICE_UNAVAILABLE", True)
            assert 1 <= answer.extensions["retryAfter"] <= 3
            if transport != "WebSocket":
                assert answer.status == 503
                assert answer.retry_after in ("1", "2", "3")


async def test_refused_request_is_neither_parsed_nor_authenticated_nor_logged(fake_app: FakeApp) -> None:
    endpoint = fake_app.endpoint()
    overload(endpoint.admission, REFUSES_ALL)
    with capture_logs() as logs:
        for _ in range(5):
            call = AsgiCall(endpoint, chunk_message(b"{ this is "), body_message("not JSON"))
            await call.run()
            assert call.response()[0] == 503
    assert fake_app.contexts_opened == 0
    assert [line["event"] for line in logs] == ["overload: refusing operations"]
    assert (logs[0]["reason"], logs[0]["seconds"], logs[0]["refused"]) == ("test", 5.0, {"any": 1})
    counted = await scrape(endpoint.metrics)
    assert counted["graphql_refused_total class=any reason=test"] == 5
    assert counted["test_lag_seconds"] == 5


async def test_upload_is_refused_before_its_files_are_read(fake_app: FakeApp) -> None:
    endpoint = fake_app.endpoint()
    overload(endpoint.admission, REFUSES_ALL)
    call = AsgiCall(endpoint, content_type=b"multipart/form-data; boundary=x")  # of which nothing arrives
    await call.run()
    assert call.response()[0] == 503
    assert dict(call.sent[0]["headers"])[b"connection"] == b"close"


async def test_open_streams_go_on_under_overload(log: FakeLog) -> None:
    endpoint = fake_endpoint(log)
    log.append(1)
    async with AsgiRequest(endpoint, "text/event-stream", SUBSCRIBE, members={"variables": {"after": "0"}}) as call:
        assert (await call.response_start())[0] == 200
        await call.next_chunk()
        assert b'"number":1' in await call.next_chunk()
        overload(endpoint.admission, REFUSES_ALL)
        log.append(1)
        assert b'"number":2' in await call.next_chunk()


async def test_operations_are_accepted_again_when_the_lag_is_gone(log: FakeLog) -> None:
    endpoint = fake_endpoint(log)
    lag = [REFUSES_ALL]
    endpoint.admission.add_lag("test", "test_lag_seconds", "Lag.", lambda: lag[0])
    for lag[0], accepted in ((REFUSES_ALL, False), (0.0, True)):
        pass_time(endpoint.admission, 6)
        answer = await send_http(endpoint, SHORT, accept=JSON)
        assert (answer.extensions is None) == accepted


async def test_subscriptions_that_begin_do_not_count_as_running(log: FakeLog) -> None:
    """Thousands that reconnect at once would be refused for one another, and their clients give them up."""
    endpoint = fake_endpoint(log)
    running = endpoint.admission.monitor.running[Work.HEAVY]
    async with AsgiRequest(endpoint, "text/event-stream", SUBSCRIBE) as call:
        await call.response_start()
        assert (running.count, running.finished) == (0, 0)
    await send_http(endpoint, HEAVY, accept=f"text/event-stream, {JSON};q=0.5")
    assert (running.count, running.finished) == (0, 1)
