"""Stream server on the real schema, over a feed harness, and helpers to read its streams."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import orjson
from graphql.execution import Executor

from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.context import Context
from schema import graphql_schema
from tests.feed_harness import FeedHarness
from tests.polling import wait_until
from transport import Access, Client, TransportSettings
from transport.execution import Execution
from transport.request import OperationCall, OperationRequest
from transport.results import OperationResult
from transport.subscriptions import StreamManager, StreamResponse
from transport.subscriptions.subscriber import SubscriberStream


class CountingExecution(Execution):
    """Counts executions and encodings."""

    executed = encodings = 0

    async def execute(self, executor: Executor[Any]) -> OperationResult:
        self.executed += 1
        return await super().execute(executor)

    def encode(self, outcome: OperationResult) -> tuple[OperationResult, bytes]:
        self.encodings += 1
        return super().encode(outcome)

    def clear(self) -> None:
        self.executed = self.encodings = 0

    @property
    def counts(self) -> tuple[int, int]:
        return self.executed, self.encodings


class StreamServer:
    """Stream manager of the transport over a harness."""

    def __init__(self, harness: FeedHarness, closing: AsyncExitStack) -> None:
        settings = TransportSettings()
        self.harness = harness
        self.execution = CountingExecution(graphql_schema, settings)
        self.streams = StreamManager(self.execution, settings.limits)
        self._closing = closing

    async def open(self, document: str, caller: Caller | None = None, **variables: Any) -> StreamResponse:
        @asynccontextmanager
        async def make_context(_client: Client) -> AsyncIterator[Context]:
            yield await (self.harness.context(caller) if caller else self.harness.context())

        answer = await self.streams.open(
            OperationCall(OperationRequest(document, variables), caller or LOCAL_ADMIN, Access(make_context))
        )
        self._closing.push_async_callback(answer.frames.aclose)
        return answer


async def next_values(answer: StreamResponse, count: int = 1) -> list[Any]:
    """Return the next values of a stream."""
    found = []
    for _ in range(count):
        body = orjson.loads((await anext(answer.frames)).payload)
        assert "errors" not in body, body
        (value,) = body["data"].values()
        found.append(value)
    return found


async def await_next_values(answers: list[StreamResponse], count: int) -> "list[asyncio.Task[list[Any]]]":
    """Start tasks that wait for the next values of streams that have caught up."""
    tasks = [asyncio.create_task(next_values(answer, count)) for answer in answers]
    await wait_until(lambda: all(cast("SubscriberStream", answer.frames)._handoff.has_waiter for answer in answers))
    return tasks
