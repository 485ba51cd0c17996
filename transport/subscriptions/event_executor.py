"""Execution of a subscription on the items of its source."""

from collections.abc import Collection, Hashable, Mapping
from typing import Any

from graphql.execution import Executor, VariableValues

from transport.deadlines import Deadline
from transport.documents.operation import Operation
from transport.execution import Execution
from transport.results import OperationResult, from_context_error
from transport.subscriptions.responses import Frame
from transport.subscriptions.source import Item, Source


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

    def event_executor(self, without: Collection[str] = ()) -> "EventExecutor":
        """Build the executor of all items, as if the variables `without` had not been sent."""
        executor = self.execution.build_executor(self.operation, self._variables, None)
        if without:
            executor.variable_values = VariableValues(
                {name: value for name, value in executor.variable_values.sources.items() if name not in without},
                {name: value for name, value in executor.variable_values.coerced.items() if name not in without},
            )
        return EventExecutor(self, executor)

    def deadline(self) -> Deadline:
        """Return the deadline of the source's next step."""
        return self.execution.deadlines.after(self.execution.seconds)

    def error_frame(self, error: BaseException) -> Frame:
        """Return the last frame of a stream whose source failed."""
        return self._last_frame(from_context_error(error, self.execution.masker))

    def timeout_frame(self) -> Frame:
        """Return the last frame of a stream whose source took too long."""
        return self._last_frame(self.execution.timeout_result())

    def _last_frame(self, result: OperationResult) -> Frame:
        _, payload = self.execution.encode(OperationResult({"errors": result.body["errors"]}))
        return Frame(payload, failed=True)


class EventExecutor:
    """Executes one subscription on items. Its variables are coerced once."""

    def __init__(self, query: SubscriptionQuery, executor: Executor[Any]) -> None:
        self._execution = query.execution
        self._source = query.source
        self._executor = executor

    async def execute(self, item: Item) -> Frame:
        """Execute and encode one item in a new context. The frame has failed if there is no context."""
        executor = self._executor.build_per_event_executor(item.payload)

        async def work(context: Any) -> OperationResult:
            executor.context_value = context
            return await self._execution.execute(executor)

        result = await self._execution.run_in_context(self._source.context, work)
        result, payload = self._execution.encode(result)
        return Frame(payload, item.cursor, failed="data" not in result.body, item=item)
