"""One way in: a request goes in, its answer comes out as a stream of frames."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from graphql import ExecutionResult, OperationType
from graphql.execution import ExperimentalIncrementalExecutionResults, create_source_event_stream
from graphql.execution.incremental import IncrementalExecutor

from transport.documents.operation import Operation
from transport.errors import Refusal
from transport.execution import Admission, ContextMaker, Execution, attempt
from transport.graceful_shutdown import Draining
from transport.request import OperationRequest
from transport.results import Outcome, answered, stopping
from transport.settings import Limits
from transport.subscriptions.backpressure import Terms
from transport.subscriptions.event_executor import Selection
from transport.subscriptions.fanout import Groups, keys
from transport.subscriptions.incremental import Incremental
from transport.subscriptions.responses import Answer, Single
from transport.subscriptions.source import Source
from transport.subscriptions.subscriber import Subscription

TURNS: Final = 16
"""Subscriptions that take a step of their beginning at the same time. A crowd that comes back after a restart would
otherwise share what there is so evenly that all need longer than an operation may take."""


def anything(_operation: Operation) -> None:
    """Admits every operation."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller of `Streams.open` wants of the answer."""

    after: str | None = None
    """The cursor that a subscription begins after, instead of its argument; of a client that came back."""
    incremental: bool = True
    """Whether the client takes the parts of one result; without, @defer is as if it were not there."""
    heartbeat_seconds: float | None = None
    """How long a subscription may be silent, in seconds; then it gives a frame without payload."""


NO_WISHES = Wishes()


class Streams:
    """All streams of one server."""

    def __init__(self, execution: Execution, limits: Limits) -> None:
        self.execution = execution
        self.limits = limits
        self.groups = Groups()
        self.draining = Draining()
        """What else lives long may enter here, to be told when the server stops."""
        self.subscriptions: set[Subscription] = set()
        self._turns = asyncio.Semaphore(TURNS)

    async def open(
        self,
        request: OperationRequest,
        make_context: ContextMaker,
        admit: Admission = anything,
        wishes: Wishes = NO_WISHES,
    ) -> Answer:
        """The answer to one request. Raises nothing but CancelledError, which stops the work.

        `make_context` is entered before anything else, and left when the operation is over; that of a subscription when
        it has begun: each of its items has a context of its own. `admit` raises Refusal for operations that cannot
        travel this way.
        """
        return await Opening(self, request, make_context, admit, wishes).run()

    async def close(self, seconds: float) -> None:
        """Refuse new subscriptions with SERVICE_UNAVAILABLE; those that are open end, spread over `seconds`."""
        await self.draining.drain(seconds)

    def cut(self) -> None:
        """The server waits no longer: what is still under way is answered now with SERVICE_UNAVAILABLE."""
        self.draining.started = True
        self.execution.deadlines.end()

    @property
    def queued_bytes(self) -> int:
        """What waits for readers."""
        return sum(subscription.queued_bytes for subscription in self.subscriptions)

    def subscription(self, selection: Selection, key: Any, wishes: Wishes) -> Subscription:
        """The frames of one subscriber, which counts as open from now on."""
        limits = self.limits
        terms = Terms(
            after=wishes.after,
            queue_bytes=limits.stream_queue_bytes,
            stall_seconds=limits.stream_stall_seconds,
            heartbeat_seconds=wishes.heartbeat_seconds,
            turns=self._turns,
        )
        opened = Subscription(self.groups, key, selection, terms, self._closed)
        self.subscriptions.add(opened)
        self.draining.enter(opened, opened.close)
        return opened

    def _closed(self, subscription: Subscription) -> None:
        self.subscriptions.discard(subscription)
        self.draining.leave(subscription)


class Opening:
    """One request on its way to its answer."""

    def __init__(
        self,
        streams: Streams,
        request: OperationRequest,
        make_context: ContextMaker,
        admit: Admission,
        wishes: Wishes,
    ) -> None:
        self._streams = streams
        self._execution = streams.execution
        self._request = request
        self._make_context = make_context
        self._admit = admit
        self._wishes = wishes
        self._mask = self._execution.mask()
        self._began = asyncio.get_running_loop().time()
        self._context = AsyncExitStack()
        self._operation: Operation | None = None

    async def run(self) -> Answer:
        """The answer."""
        answer = await self._execution.within(self._kept, self._open, self._mask)
        return answer if isinstance(answer, Answer) else self._single(answer)

    @asynccontextmanager
    async def _kept(self) -> AsyncIterator[Any]:
        async with self._context:
            yield await self._context.enter_async_context(self._make_context())

    async def _open(self, context: Any) -> Answer | Outcome:
        operation = self._operation = self._execution.operation(self._request, self._note)
        if operation.type is OperationType.SUBSCRIPTION:
            return await self._subscribe(operation, context)
        if operation.defers and self._wishes.incremental:
            return await self._in_parts(operation, context)
        executor = self._execution.executor(operation, self._request.variables, context)
        return await self._execution.answer(executor, self._mask)

    def _note(self, operation: Operation) -> None:
        self._operation = operation
        self._admit(operation)
        if operation.type is OperationType.SUBSCRIPTION and self._streams.draining.started:
            raise stopping()

    async def _in_parts(self, operation: Operation, context: Any) -> Answer | Outcome:
        executor = self._execution.executor(operation, self._request.variables, context, IncrementalExecutor)
        results = await attempt(executor.execute_operation, self._mask)
        if not isinstance(results, ExperimentalIncrementalExecutionResults):
            return results if isinstance(results, Outcome) else answered(results, self._mask)
        frames = Incremental(
            results,
            self._mask,
            self._context.pop_all(),
            self._execution,
            began=self._began,
        )
        return Answer(frames, "incremental", operation)

    async def _subscribe(self, operation: Operation, context: Any) -> Answer:
        executor = self._execution.executor(operation, self._request.variables, context)
        source = await attempt(partial(create_source_event_stream, executor), self._mask)
        if isinstance(source, ExecutionResult):
            raise Refusal(self._mask.apply(source.errors or ()), well_formed=True)
        if isinstance(source, Outcome):
            raise Refusal(source.body["errors"], well_formed=True)
        if not isinstance(source, Source):
            raise Refusal([self._mask.surprise(TypeError("a subscription must return a Source"))], well_formed=True)
        variables = self._request.variables
        key, start = keys(operation, variables, source)
        selection = Selection(self._execution, operation, variables, source, start)
        return Answer(self._streams.subscription(selection, key, self._wishes), "subscription", operation)

    def _single(self, outcome: Outcome) -> Answer:
        outcome, payload = self._execution.encoded(outcome)
        return Answer(Single(payload), "single", self._operation, outcome, refused="data" not in outcome.body)
