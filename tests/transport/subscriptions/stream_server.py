"""Schema on the fake source, a stream server without sockets, and helpers to read frames."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import orjson
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, build_schema

from tests.polling import wait_until
from tests.transport.fake_app import ExpectedError
from tests.transport.subscriptions.fake_source import Caller, FakeLog, FakeSource, items
from transport import Access, Anonymous, Client, TransportSettings
from transport.execution import Execution
from transport.request import OperationCall, OperationRequest
from transport.subscriptions import Frame, StreamManager, StreamOptions, StreamResponse
from transport.subscriptions.subscriber import SubscriberStream

SDL = """
directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
scalar JSON
type Query { hello: String! fails: String slow: String thing: Thing things: [Thing!]! }
type Mutation { write: String! }
type Thing { id: ID! name: String slow: String fails: String unencodable: JSON thing: Thing }
type Subscription {
  event(room: String, after: String): Event!
  broken(how: String!): Event
}
type Event {
  number: Int! cursor: String caller: String text(size: Int): String fails: String! variables: JSON slow: String
  echo(text: String): String
  unencodable: JSON
}
"""

SUBSCRIBE = "subscription Events($room: String, $after: String) { event(room: $room, after: $after) { number caller } }"


def build_fake_schema(log: FakeLog) -> GraphQLSchema:
    built = build_schema(SDL)
    resolvers: dict[str, Callable[..., Any]] = {
        "Query.hello": lambda _root, info: f"hello {info.context.name}",
        "Query.fails": fails,
        "Query.slow": partial(slow, log),
        "Query.thing": lambda _root, _info: {"id": "1", "name": "one"},
        "Query.things": lambda _root, _info: [{"id": "1"}, {"id": "2"}],
        "Mutation.write": lambda _root, _info: "written",
        "Thing.slow": partial(slow, log),
        "Thing.fails": fails,
        "Thing.unencodable": lambda _thing, _info: object(),
        "Thing.thing": lambda _thing, _info: {"id": "3", "name": "three"},
        "Subscription.event": partial(resolve, log),
        "Event.caller": lambda _event, info: info.context.name,
        "Event.echo": lambda _event, _info, text=None: text,
        "Event.text": lambda _event, _info, size=10: "x" * size,
        "Event.fails": fails,
        "Event.variables": lambda _event, info: info.variable_values.coerced,
        "Event.slow": partial(slow, log),
        "Event.unencodable": lambda _event, _info: object(),
    }
    for coordinate, resolver in resolvers.items():
        _field(built, coordinate).resolve = resolver
    _field(built, "Subscription.event").subscribe = partial(subscribe, log)
    _field(built, "Subscription.broken").subscribe = partial(subscribe_broken, log)
    return built


def _field(built: GraphQLSchema, coordinate: str) -> GraphQLField:
    type_, _, name = coordinate.partition(".")
    found = built.type_map[type_]
    assert isinstance(found, GraphQLObjectType)
    field: GraphQLField = found.fields[name]
    return field


def subscribe(log: FakeLog, _root: None, info: Any, room: str | None = None, after: str | None = None) -> FakeSource:
    if room == "locked":
        raise ExpectedError("That room is locked", code="FORBIDDEN")
    return FakeSource(log, info.context, room, after)


async def subscribe_broken(log: FakeLog, _root: None, info: Any, how: str) -> Any:
    if how == "surprise":
        raise RuntimeError("hunter2")
    if how == "slow":
        await slow(log, None, info)
    return how if how == "nothing" else items(asyncio.Queue())


def resolve(log: FakeLog, root: Any, _info: Any, **_arguments: Any) -> Any:
    log.executed.append(root["number"])
    return root


def fails(_source: Any, _info: Any) -> str:
    raise RuntimeError("hunter2")


async def slow(log: FakeLog, _source: Any, _info: Any) -> str:
    log.slow_started.set()
    try:
        await log.gate.wait()
    except asyncio.CancelledError:
        log.slow_cancelled.set()
        raise
    return "at last"


class StreamServer:
    def __init__(self, log: FakeLog, settings: TransportSettings | None = None) -> None:
        self.log = log
        effective = settings or TransportSettings()
        self.streams = StreamManager(Execution(build_fake_schema(log), effective), effective.limits)

    async def open(
        self,
        query: str = SUBSCRIBE,
        variables: Mapping[str, Any] | None = None,
        *,
        caller: Caller | None = None,
        client: Client | None = None,
        options: StreamOptions | None = None,
        **members: Any,
    ) -> StreamResponse:
        @asynccontextmanager
        async def make_context(_client: Client) -> AsyncIterator[Caller]:
            try:
                yield caller or Caller()
            finally:
                self.log.contexts_exited += 1

        request = OperationRequest(query, variables or {}, **members)
        response = await self.streams.open(
            OperationCall(request, client or Anonymous(), Access(make_context)), options or StreamOptions()
        )
        self.log.streams.append(response.frames)
        return response


def frame_body(frame: Frame) -> Any:
    return orjson.loads(frame.payload)


async def remaining(answer: StreamResponse) -> list[Any]:
    try:
        return [frame_body(frame) async for frame in answer.frames]
    finally:
        await answer.frames.aclose()


async def numbers(answer: StreamResponse, count: int) -> list[int]:
    return [frame_body(await anext(answer.frames))["data"]["event"]["number"] for _ in range(count)]


async def read_live(answer: StreamResponse, count: int = 1) -> "asyncio.Task[list[int]]":
    task = asyncio.create_task(numbers(answer, count))
    await wait_until(lambda: is_live(answer))
    return task


def block_catch_up(answer: StreamResponse, log: FakeLog) -> None:
    """Let the catch-up wait for the gate of the log before its first item."""

    class Never:
        async def __anext__(self) -> object:
            await slow(log, None, None)
            raise StopAsyncIteration

    answer.frames._query.source.open = lambda _after: Never()  # type: ignore[attr-defined]  # it is a Subscription


def is_live(answer: StreamResponse) -> bool:
    assert isinstance(answer.frames, SubscriberStream)
    return answer.frames.is_live


def error_codes(result: Any) -> list[str]:
    return [error["extensions"]["code"] for error in result.get("errors", [])]
