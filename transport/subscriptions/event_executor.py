"""Execution of a subscription on the items of its source."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from graphql.execution import Executor, VariableValues

from transport.deadlines import Deadline
from transport.documents.operation import Operation, variables_key
from transport.execution import Execution
from transport.results import OperationResult, from_context_error
from transport.subscriptions.responses import Frame
from transport.subscriptions.source import Event, Item, Source


def variables_of(operation: Operation, arguments: frozenset[str]) -> frozenset[str]:
    """Return the variables that are used for some arguments of the root field, and for nothing else."""
    return frozenset(name for name, used_as in operation.root_argument_variables.items() if used_as <= arguments)


def query_key(
    operation: Operation, variables: Mapping[str, Any], without: frozenset[str], source_key: Hashable
) -> Hashable:
    """Return a key that is equal for equal documents, variables and sources, whatever the variables `without` are."""
    rest = {name: value for name, value in variables.items() if name not in without}
    return operation.text, operation.name, variables_key(rest), source_key


class SubscriptionQuery:
    """Operation, variables and source of one subscription."""

    __slots__ = ("_variables", "execution", "operation", "resume_key", "source")

    def __init__(
        self,
        execution: Execution,
        operation: Operation,
        variables: Mapping[str, Any],
        source: Source,
        resume_key: Hashable,
    ) -> None:
        self.execution = execution
        self.operation = operation
        self.source = source
        self.resume_key = resume_key
        """Equal for streams of a group with equal catch-ups."""
        self._variables = variables

    def event_executor(self) -> "EventExecutor":
        """Build the executor of all items, as if variables that only decide which items there are had not been sent.

        Executors of equal queries, apart from these variables, share the execution of an event.
        """
        without = variables_of(self.operation, self.source.item_arguments)
        executor = self.execution.build_executor(self.operation, self._variables, None)
        if without:
            executor.variable_values = VariableValues(
                {name: value for name, value in executor.variable_values.sources.items() if name not in without},
                {name: value for name, value in executor.variable_values.coerced.items() if name not in without},
            )
        return EventExecutor(self, executor, query_key(self.operation, self._variables, without, self.source.access))

    def deadline(self) -> Deadline:
        """Return the deadline of the source's next step."""
        return self.execution.deadlines.after(self.execution.seconds)

    def error_frame(self, error: BaseException) -> Frame:
        """Return the last frame of a stream whose source failed."""
        return self._last_frame(from_context_error(error, self.execution.masker))

    def timeout_frame(self, deadline: Deadline) -> Frame:
        """Return the last frame of a stream whose source took too long."""
        return self._last_frame(self.execution.timeout_result(deadline))

    def _last_frame(self, result: OperationResult) -> Frame:
        _, payload = self.execution.encode(OperationResult({"errors": result.body["errors"]}))
        return Frame(payload, failed=True)


class _SharedResult:
    """The execution of an event by one group, for others that have an item of the same event."""

    __slots__ = ("done", "payload")

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.payload: bytes | None = None
        """With the placeholder; None if it has errors, or was cancelled: then each group executes by itself."""


class EventExecutor:
    """Executes one subscription on items. Its variables are coerced once."""

    def __init__(self, query: SubscriptionQuery, executor: Executor[Any], key: Hashable) -> None:
        self._execution = query.execution
        self._source = query.source
        self._executor = executor
        self._key = key

    async def shared_frames(self, items: Sequence[Item]) -> Sequence[Frame] | None:
        """Return the frames of items that other groups execute, and wait for these; None if one has to be executed."""
        if not all(map(self._is_shared, items)):
            return None
        frames = []
        for item in items:
            assert item.event is not None, "it is shared"
            shared: _SharedResult = item.event.results[self._key]
            if not shared.done.is_set():
                await shared.done.wait()
            if shared.payload is None:
                return None
            frames.append(_frame(shared.payload, item))
        return frames

    async def execute_all(self, items: Sequence[Item]) -> Sequence[Frame]:
        """Execute and encode items. Their frames are in the same order."""
        if len(items) > 1 and not all(map(self._is_shared, items)):
            # At the same time, so that they read what they need with the same statements.
            return await asyncio.gather(*map(self.execute, items))
        return [await self.execute(item) for item in items]

    async def execute(self, item: Item) -> Frame:
        """Execute and encode one item. The frame has failed if there is no context."""
        event = item.event
        if event is None:
            return await self._execute(item)
        shared = event.results.get(self._key)
        if shared is None:
            return await self._execute_for_all(item, event)
        if not shared.done.is_set():
            await shared.done.wait()
        return await self._execute(item) if shared.payload is None else _frame(shared.payload, item)

    def _is_shared(self, item: Item) -> bool:
        return item.event is not None and self._key in item.event.results

    async def _execute_for_all(self, item: Item, event: Event) -> Frame:
        shared = event.results[self._key] = _SharedResult()
        try:
            return await self._execute(item, shared)
        finally:
            shared.done.set()

    async def _execute(self, item: Item, shared: _SharedResult | None = None) -> Frame:
        executor = self._executor.build_per_event_executor(item.payload)

        async def work(context: Any) -> OperationResult:
            executor.context_value = context
            return await self._execution.execute(executor)

        result = await self._execution.run_in_context(partial(self._source.context, item), work)
        result, payload = self._execution.encode(result)
        if shared is not None and "errors" not in result.body:
            shared.payload = payload
        return _frame(payload, item, failed="data" not in result.body)


def _frame(payload: bytes, item: Item, *, failed: bool = False) -> Frame:
    """Return the frame of an item, with its own cursor in the result of its event."""
    if item.event is not None and item.event.placeholder is not None:
        payload = payload.replace(item.event.placeholder.encode(), orjson.dumps(item.cursor)[1:-1])
    return Frame(payload, item.cursor, failed, item.sequence)
