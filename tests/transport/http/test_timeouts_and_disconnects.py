"""Time limits and clients that leave, on the bare ASGI interface: nothing sleeps, and nobody is really slow."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from tests.polling import PATIENCE
from tests.transport.fake_app import World, limited
from transport import GraphQLEndpoint

Message = dict[str, Any]


def post(content_type: bytes) -> Message:
    """The scope of a POST."""
    headers = [(b"host", b"localhost"), (b"content-type", content_type), (b"accept", b"application/json")]
    return {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}


def document(query: str) -> Message:
    """The message with a whole body."""
    return {"type": "http.request", "body": orjson.dumps({"query": query}), "more_body": False}


class Caller:
    """Calls the endpoint with messages that the test hands over one by one."""

    def __init__(self, endpoint: GraphQLEndpoint, content_type: bytes = b"application/json") -> None:
        self._endpoint = endpoint
        self._content_type = content_type
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []

    def receive(self, message: Message) -> None:
        """Hand over a message."""
        self._incoming.put_nowait(message)

    async def heard(self) -> None:
        """Wait till all messages have been taken."""
        await self._incoming.join()

    async def call(self) -> None:
        """The whole exchange."""

        async def send(message: Any) -> None:
            self.sent.append(message)

        async def receive() -> Message:
            message = await self._incoming.get()
            self._incoming.task_done()
            return message

        await self._endpoint(post(self._content_type), receive, send)

    def answer(self) -> tuple[int, Any]:
        """Status and body."""
        return self.sent[0]["status"], orjson.loads(self.sent[1]["body"])


async def finished(call: Callable[[], Awaitable[None]], *before: Callable[[], Awaitable[Any]]) -> None:
    """Run the exchange beside what the test does meanwhile; fails if it does not end."""
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        tasks.create_task(_wrap(call))
        for step in before:
            await step()


async def _wrap(call: Callable[[], Awaitable[None]]) -> None:
    await call()


async def test_a_client_that_leaves_cancels_its_work(world: World) -> None:
    caller = Caller(world.endpoint())
    caller.receive(document("query Slow{slow}"))

    async def leave() -> None:
        await world.slow_started.wait()
        caller.receive({"type": "http.disconnect"})

    with capture_logs() as log:
        await finished(caller.call, leave)
    assert world.slow_cancelled.is_set()
    assert caller.sent == []
    assert world.contexts_left == 1
    assert [(line["event"], line["name"], line["outcome"], line["status"]) for line in log] == [
        ("operation", "Slow", "gone", None)
    ]


async def test_a_client_that_stays_gets_its_answer_however_long_it_takes(world: World) -> None:
    caller = Caller(world.endpoint())
    caller.receive(document("{slow}"))

    async def open_the_gate() -> None:
        await world.slow_started.wait()
        # The watch listens when it takes this message, which means nothing to it.
        caller.receive({"type": "http.request", "body": b"", "more_body": False})
        await caller.heard()
        world.gate.set()

    await finished(caller.call, open_the_gate)
    assert caller.answer() == (200, {"data": {"slow": "at last"}})


async def test_work_that_was_handed_to_another_task_survives_its_client(world: World) -> None:
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

    endpoint = world.endpoint()
    field = endpoint.execution.schema.mutation_type.fields["write"]  # type: ignore[union-attr]  # there is one
    field.resolve = write
    caller = Caller(endpoint)
    caller.receive(document("mutation{write}"))

    async def leave() -> None:
        await begun.wait()
        caller.receive({"type": "http.disconnect"})

    await finished(caller.call, leave)
    release.set()
    await asyncio.wait_for(committed.wait(), PATIENCE)


async def test_an_operation_that_takes_too_long_is_told_so(world: World) -> None:
    caller = Caller(world.endpoint(limited(operation_seconds=0.01)))
    caller.receive(document("query Slow{slow}"))
    with capture_logs() as log:
        await finished(caller.call)
    status, body = caller.answer()
    assert status == 200
    assert body["data"] is None
    assert [error["extensions"]["code"] for error in body["errors"]] == ["TIMEOUT"]
    assert "0.01 seconds" in body["errors"][0]["message"]
    assert world.slow_cancelled.is_set()
    assert (log[0]["name"], log[0]["outcome"]) == ("Slow", ["TIMEOUT"])


async def test_a_timeout_of_a_resolver_is_not_the_operations(world: World) -> None:
    world.context_error = TimeoutError()
    caller = Caller(world.endpoint())
    caller.receive(document("{hello}"))
    await finished(caller.call)
    assert caller.answer()[1]["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_a_body_that_does_not_come_is_408_and_the_connection_closed(world: World) -> None:
    caller = Caller(world.endpoint(limited(body_idle_seconds=0.01)))
    caller.receive({"type": "http.request", "body": b'{"query":', "more_body": True})
    await finished(caller.call)
    assert caller.answer()[0] == 408
    assert (b"connection", b"close") in caller.sent[0]["headers"]


async def test_a_body_in_pieces_is_put_together(world: World) -> None:
    caller = Caller(world.endpoint())
    for piece in (b'{"query":', b"", b'"{hel', b'lo}"}'):
        caller.receive({"type": "http.request", "body": piece, "more_body": True})
    caller.receive({"type": "http.request"})
    await finished(caller.call)
    assert caller.answer() == (200, {"data": {"hello": "Hello, you"}})


async def test_a_client_that_leaves_within_its_body_gets_nothing(world: World) -> None:
    caller = Caller(world.endpoint())
    caller.receive({"type": "http.request", "body": b'{"query":', "more_body": True})
    caller.receive({"type": "http.disconnect"})
    await finished(caller.call)
    assert caller.sent == []
    assert world.contexts == 0


async def test_stopping_the_server_is_no_departure(world: World) -> None:
    caller = Caller(world.endpoint())
    caller.receive(document("{slow}"))
    task = asyncio.create_task(_wrap(caller.call))
    await world.slow_started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.contexts_left == 1


async def test_something_cancelled_that_a_resolver_waits_for_is_a_surprise(world: World) -> None:
    async def wait_for_another(_source: Any, _info: Any) -> str:
        other: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        other.cancel()
        return await other

    endpoint = world.endpoint()
    field = endpoint.execution.schema.query_type.fields["echo"]  # type: ignore[union-attr]  # there is one
    field.resolve = wait_for_another
    caller = Caller(endpoint)
    caller.receive(document("{echo}"))
    await finished(caller.call)
    status, body = caller.answer()
    assert (status, body["errors"][0]["extensions"]["code"]) == (200, "INTERNAL_SERVER_ERROR")
