"""Dispatch of a request to its kind of response: one result, incremental delivery or a subscription."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from graphql import ExecutionResult, OperationType
from graphql.execution import ExperimentalIncrementalExecutionResults, create_source_event_stream
from graphql.execution.incremental import IncrementalExecutor

from transport.clients import Client, OpenResources
from transport.documents.operation import Operation
from transport.errors import RequestError
from transport.execution import Execution
from transport.graceful_shutdown import DrainTracker
from transport.request import OperationCall
from transport.results import OperationResult, shutdown_error
from transport.settings import Limits
from transport.stream_limits import StreamLimits
from transport.subscriptions.event_executor import SubscriptionQuery
from transport.subscriptions.fanout import FanoutRegistry, group_keys
from transport.subscriptions.incremental import IncrementalFrames
from transport.subscriptions.responses import DEFAULT_OPTIONS, SingleFrame, StreamOptions, StreamResponse
from transport.subscriptions.source import Source
from transport.subscriptions.subscriber import SubscriberStream


class StreamManager:
    """All streams of one server."""

    def __init__(self, execution: Execution, limits: Limits) -> None:
        self.execution = execution
        self.limits = limits
        self.groups = FanoutRegistry(limits)
        self.draining = DrainTracker()
        """Of subscriptions and WebSockets."""
        self.subscriptions: dict[SubscriberStream, Client] = {}
        self.open_resources = OpenResources()
        self.stream_limits = StreamLimits(execution.settings)
        """Of WebSockets, and of subscriptions over HTTP."""
        self._counted: dict[SubscriberStream, tuple[str, str]] = {}
        """Address and client id of subscriptions that count as streams."""

    async def open(self, call: OperationCall, options: StreamOptions = DEFAULT_OPTIONS) -> StreamResponse:
        """Execute a request. Raises only CancelledError, which stops the work.

        The context is entered first, and exited when the operation ends; that of a subscription when it has started,
        as each of its items gets a new one.
        """
        return await _Dispatch(self, call, options).run()

    async def close(self, seconds: float) -> int:
        """Refuse new subscriptions with SERVICE_UNAVAILABLE, and close the open ones, spread over `seconds`.

        Returns how many were open.
        """
        count = len(self.subscriptions)
        await self.draining.drain(seconds)
        return count

    def abort(self) -> None:
        """End all running operations with SERVICE_UNAVAILABLE."""
        self.draining.started = True
        self.execution.deadlines.expire_all()

    @property
    def queued_bytes(self) -> int:
        return sum(subscription.queued_bytes for subscription in self.subscriptions)

    @property
    def clients(self) -> Iterable[Client]:
        """The clients that have a socket, a stream or a running operation."""
        return {*self.open_resources.clients, *self.execution.deadlines.clients}

    def end_access(self, client: Client) -> None:
        """End all that is open or running for a client: sockets with 4403, the rest with UNAUTHENTICATED."""
        self.open_resources.end(client)
        self.execution.deadlines.end_access(client)

    def open_subscription(
        self, call: OperationCall, query: SubscriptionQuery, key: Any, options: StreamOptions
    ) -> SubscriberStream:
        """Open a subscription. Raises RateLimited if its client has too many streams."""
        client = call.client
        if call.address is not None:
            self.stream_limits.add(call.address, client.id)
        opened = SubscriberStream(self.groups, key, query, options, self._on_closed)
        if call.address is not None:
            self._counted[opened] = call.address, client.id
        self.subscriptions[opened] = client
        self.open_resources.add(client, opened, opened.end_access)
        self.draining.register(opened, opened.close)
        return opened

    def _on_closed(self, subscription: SubscriberStream) -> None:
        if (client := self.subscriptions.pop(subscription, None)) is not None:
            self.open_resources.remove(client, subscription)
        if (counted := self._counted.pop(subscription, None)) is not None:
            self.stream_limits.remove(*counted)
        self.draining.unregister(subscription)


class HeldContext:
    """Enters a context, and exits it unless an incremental response takes it over, which does so when it ends."""

    __slots__ = ("_held",)

    def __init__(self, context: AbstractAsyncContextManager[Any]) -> None:
        self._held: AbstractAsyncContextManager[Any] | None = context

    def take_over(self) -> AbstractAsyncContextManager[Any]:
        context, self._held = self._held, None
        assert context is not None, "there is one incremental response"
        return context

    async def __aenter__(self) -> Any:
        assert self._held is not None, "it is new"
        return await self._held.__aenter__()

    async def __aexit__(self, *error: Any) -> bool | None:
        return None if self._held is None else await self._held.__aexit__(*error)


class _Dispatch:
    def __init__(self, streams: StreamManager, call: OperationCall, options: StreamOptions) -> None:
        self._streams = streams
        self._execution = streams.execution
        self._call = call
        self._variables = call.request.variables
        self._options = options
        self._started_at = asyncio.get_running_loop().time()
        self._context: HeldContext | None = None

    async def run(self) -> StreamResponse:
        response: StreamResponse | OperationResult | None = self._execution.refuse_early(self._call)
        if response is None:
            response = await self._execution.run_in_context(self._hold_context, self._open, self._call.client)
        if isinstance(response, StreamResponse):
            return response
        result, payload = self._execution.encode(response)
        refused = "data" not in result.body
        return StreamResponse(SingleFrame(payload), "single", self._call.operation, result, refused=refused)

    def _hold_context(self) -> "HeldContext":
        self._context = HeldContext(self._call.context())
        return self._context

    async def _open(self, context: Any) -> StreamResponse | OperationResult:
        operation = self._execution.prepare_operation(self._call)
        if operation.type is OperationType.SUBSCRIPTION:
            # Not tracked: thousands that reconnect at once wait for each other, and must not be refused for that.
            if self._streams.draining.started:
                raise shutdown_error()
            return await self._subscribe(operation, context)
        return await self._execution.track(self._call.work, self._execute(operation, context))

    async def _execute(self, operation: Operation, context: Any) -> StreamResponse | OperationResult:
        if operation.may_defer and self._options.incremental:
            return await self._execute_incrementally(operation, context)
        return await self._execution.execute_operation(self._call, operation, context)

    async def _execute_incrementally(self, operation: Operation, context: Any) -> StreamResponse | OperationResult:
        executor = self._execution.build_executor(operation, self._variables, context, IncrementalExecutor)
        results = await self._execution.run_step(executor.execute_operation)
        if not isinstance(results, ExperimentalIncrementalExecutionResults):
            return results if isinstance(results, OperationResult) else self._execution.to_result(results)
        assert self._context is not None, "the operation has a context"
        frames = IncrementalFrames(
            results,
            self._context.take_over(),
            self._execution,
            client=self._call.client,
            started_at=self._started_at,
        )
        return StreamResponse(frames, "incremental", operation)

    async def _subscribe(self, operation: Operation, context: Any) -> StreamResponse:
        executor = self._execution.build_executor(operation, self._variables, context)
        source = await self._execution.run_step(partial(create_source_event_stream, executor))
        if isinstance(source, ExecutionResult):
            raise RequestError(self._execution.masker.format_errors(source.errors or ()), well_formed=True)
        if isinstance(source, OperationResult):
            raise RequestError(source.body["errors"], well_formed=True)
        if not isinstance(source, Source):
            error = self._execution.masker.mask(TypeError("a subscription must return a Source"))
            raise RequestError([error], well_formed=True)
        key, resume_key = group_keys(operation, self._variables, source)
        query = SubscriptionQuery(self._execution, operation, self._variables, source, resume_key)
        stream = self._streams.open_subscription(self._call, query, key, self._options)
        return StreamResponse(stream, "subscription", operation)
