"""A toy source: a log that the test writes, told to subscribers by name of their room."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from graphql import GraphQLObjectType, GraphQLSchema, build_schema

from tests.transport.world import Expected
from transport import TransportSettings
from transport.execution import Execution
from transport.request import OperationRequest
from transport.streams import Answer, Frame, Streams, Wishes

SDL = """
directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
scalar JSON
type Query { hello: String! fails: String slow: String thing: Thing things: [Thing!]! }
type Mutation { write: String! }
type Thing { id: ID! name: String slow: String fails: String unencodable: JSON thing: Thing }
type Subscription {
  told(room: String, after: String): Told!
  broken(how: String!): Told
}
type Told {
  number: Int! caller: String text(size: Int): String fails: String! variables: JSON slow: String unencodable: JSON
}
"""

ASK = "subscription Told($room: String, $after: String) { told(room: $room, after: $after) { number caller } }"


@dataclass(frozen=True)
class Caller:
    """Who asks: what resolvers read of the context."""

    name: str = "anybody"
    scope: str = "all"


@dataclass(frozen=True)
class Told:
    """An item: its number is its payload, too."""

    position: int
    payload: Any
    cursor: str | None


@dataclass(frozen=True)
class JoinedAt:
    """The end of a beginning."""

    joined: int
    passes: Callable[[Any], bool] | None = None
    cursor: str | None = None


@dataclass
class Log:
    """What happened, in order: numbers from 1 on. Streams begin with the last `snapshot` of them."""

    length: int = 0
    snapshot: int = 0
    followers: dict[asyncio.Queue[int | Exception | None], str] = field(default_factory=dict)
    opened: list[str | None] = field(default_factory=list)
    closed: int = 0
    followed: int = 0
    unfollowed: int = 0
    contexts: int = 0
    executed: list[int] = field(default_factory=list)
    """The number of each item, each time that it was executed."""
    open_error: Exception | None = None
    follow_error: Exception | None = None
    context_error: Exception | None = None
    caller_error: Exception | None = None
    in_opening: Callable[[], Any] | None = None
    distinct: bool = False
    passes: Callable[[Any], bool] | None = None
    joins_at_cursor: bool = False
    stretches: bool = True
    """Whether what has happened can be taken at a stretch."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    contexts_left: int = 0

    def happen(self, times: int = 1) -> None:
        """Something happens."""
        for _ in range(times):
            self.length += 1
            self.tell(self.length)

    def tell(self, what: int | Exception | None) -> None:
        """Tell all followers: a number, that the source fails, or that it is over."""
        for follower in self.followers:
            follower.put_nowait(what)


@dataclass
class ToySource:
    """Tells the log to one caller."""

    log: Log
    caller: Caller
    room: str | None
    start: str | None
    starting_arguments: frozenset[str] = frozenset({"after"})

    @property
    def distinct(self) -> bool:
        """As the log says."""
        return self.log.distinct

    @property
    def key(self) -> Hashable:
        """Who asks, and for what."""
        return (self.caller.scope, self.room)

    async def open(self, after: str | None) -> AsyncIterator[Told | JoinedAt]:
        """What was missed, or the snapshot."""
        log = self.log
        after = after or self.start
        log.opened.append(after)
        if log.open_error is not None:
            raise log.open_error
        try:
            at = log.length
            first = int(after) if after else max(at - log.snapshot, 0)
            if log.in_opening is not None:
                log.in_opening()
            for number in range(first + 1, at + 1):
                yield item(number)
            yield JoinedAt(at, log.passes, str(at) if log.joins_at_cursor else None)
        finally:
            log.closed += 1

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncIterator[Told]]:
        """What happens from now on."""
        if self.log.follow_error is not None:
            raise self.log.follow_error
        queue: asyncio.Queue[int | Exception | None] = asyncio.Queue()
        self.log.followers[queue] = ""
        self.log.followed += 1
        try:
            yield Stretches(queue) if self.log.stretches else items(queue)
        finally:
            del self.log.followers[queue]
            self.log.unfollowed += 1

    @asynccontextmanager
    async def context(self) -> AsyncIterator[Caller]:
        """The same caller again."""
        self.log.contexts += 1
        if self.log.context_error is not None:
            raise self.log.context_error
        yield self.caller

    def __aiter__(self) -> AsyncIterator[Any]:
        raise NotImplementedError


def item(number: int) -> Told:
    """One item of the log."""
    return Told(number, {"number": number}, str(number))


async def items(queue: "asyncio.Queue[int | Exception | None]") -> AsyncIterator[Told]:
    """The items of a queue."""
    while (number := await queue.get()) is not None:
        if isinstance(number, Exception):
            raise number
        yield item(number)


class Stretches:
    """The items of a queue, one by one or several at a time."""

    def __init__(self, queue: "asyncio.Queue[int | Exception | None]") -> None:
        self._queue = queue
        self._items = items(queue)

    def __aiter__(self) -> AsyncIterator[Told]:
        return self

    async def __anext__(self) -> Told:
        return await anext(self._items)

    def at_hand(self, most: int) -> list[Told]:
        """Numbers that are there; what else there is comes by itself."""
        waiting = self._queue._queue  # type: ignore[attr-defined]  # nothing else tells what comes next
        found: list[Told] = []
        while waiting and isinstance(waiting[0], int) and len(found) < most:
            found.append(item(waiting.popleft()))
        return found


def schema(log: Log) -> GraphQLSchema:
    """The schema, on a log."""
    built = build_schema(SDL)
    subscription, told, query = (built.type_map[name] for name in ("Subscription", "Told", "Query"))
    assert isinstance(subscription, GraphQLObjectType)
    assert isinstance(told, GraphQLObjectType)
    assert isinstance(query, GraphQLObjectType)
    subscription.fields["told"].subscribe = partial(subscribe, log)
    subscription.fields["told"].resolve = partial(resolve, log)
    subscription.fields["broken"].subscribe = partial(subscribe_broken, log)
    told.fields["caller"].resolve = lambda _told, info: info.context.name
    told.fields["text"].resolve = lambda _told, _info, size=10: "x" * size
    told.fields["fails"].resolve = fails
    told.fields["variables"].resolve = lambda _told, info: info.variable_values.coerced
    told.fields["slow"].resolve = partial(slow, log)
    told.fields["unencodable"].resolve = lambda _told, _info: object()
    query.fields["hello"].resolve = lambda _root, info: f"hello {info.context.name}"
    query.fields["fails"].resolve = fails
    query.fields["slow"].resolve = partial(slow, log)
    query.fields["thing"].resolve = lambda _root, _info: {"id": "1", "name": "one"}
    query.fields["things"].resolve = lambda _root, _info: [{"id": "1"}, {"id": "2"}]
    thing, mutation = built.type_map["Thing"], built.type_map["Mutation"]
    assert isinstance(thing, GraphQLObjectType)
    assert isinstance(mutation, GraphQLObjectType)
    thing.fields["slow"].resolve = partial(slow, log)
    thing.fields["fails"].resolve = fails
    thing.fields["unencodable"].resolve = lambda _thing, _info: object()
    thing.fields["thing"].resolve = lambda _thing, _info: {"id": "3", "name": "three"}
    mutation.fields["write"].resolve = lambda _root, _info: "written"
    return built


def subscribe(log: Log, _root: None, info: Any, room: str | None = None, after: str | None = None) -> ToySource:
    """The resolver of `told`."""
    if room == "locked":
        raise Expected("That room is locked", code="FORBIDDEN")
    return ToySource(log, info.context, room, after)


async def subscribe_broken(log: Log, _root: None, info: Any, how: str) -> Any:
    """The resolver of `broken`."""
    if how == "surprise":
        raise RuntimeError("hunter2")
    if how == "slow":
        await slow(log, None, info)
    return how if how == "nothing" else items(asyncio.Queue())


def resolve(log: Log, root: Any, _info: Any, **_arguments: Any) -> Any:
    """Counts executions."""
    log.executed.append(root["number"])
    return root


def fails(_source: Any, _info: Any) -> str:
    """Fails as it should not."""
    raise RuntimeError("hunter2")


async def slow(log: Log, _source: Any, _info: Any) -> str:
    """Waits for the log's gate."""
    log.waiting.set()
    try:
        await log.gate.wait()
    except asyncio.CancelledError:
        log.cancelled.set()
        raise
    return "at last"


class Server:
    """Streams on a log."""

    def __init__(self, log: Log, settings: TransportSettings | None = None) -> None:
        self.log = log
        chosen = settings or TransportSettings()
        self.streams = Streams(Execution(schema(log), chosen), chosen.limits)

    async def open(
        self,
        query: str = ASK,
        variables: Mapping[str, Any] | None = None,
        *,
        caller: Caller | None = None,
        wishes: Wishes | None = None,
        **members: Any,
    ) -> Answer:
        """The answer to one request."""

        @asynccontextmanager
        async def make_context() -> AsyncIterator[Caller]:
            try:
                yield caller or Caller()
            finally:
                self.log.contexts_left += 1

        request = OperationRequest(query, variables or {}, **members)
        return await self.streams.open(request, make_context, wishes=wishes or Wishes())


def body(frame: Frame) -> Any:
    """What a frame holds."""
    return orjson.loads(frame.payload)


async def rest(answer: Answer) -> list[Any]:
    """All frames to the end of the stream, which is closed then."""
    try:
        return [body(frame) async for frame in answer.frames]
    finally:
        await answer.frames.aclose()


async def numbers(answer: Answer, count: int) -> list[int]:
    """The numbers of the next items."""
    return [body(await anext(answer.frames))["data"]["told"]["number"] for _ in range(count)]


async def joined(log: Log, answer: Answer, count: int = 1) -> "asyncio.Task[list[int]]":
    """A task that waits for the next items of a stream, which is past its beginning."""
    closed = log.closed
    task = asyncio.create_task(numbers(answer, count))
    await until(lambda: log.closed > closed)
    return task


async def until(happened: Callable[[], Any]) -> None:
    """Let others run until something has happened."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)


def codes(result: Any) -> list[str]:
    """The codes of the errors of a result."""
    return [error["extensions"]["code"] for error in result.get("errors", [])]
