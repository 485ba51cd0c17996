"""Executing the items of a source, one by one, each in a context of its own."""

from collections.abc import Collection, Hashable, Mapping
from typing import Any

from graphql.execution import Executor, VariableValues

from transport.deadlines import Deadline
from transport.documents.operation import Operation
from transport.execution import Execution
from transport.results import Outcome, failed_context
from transport.subscriptions.responses import Frame
from transport.subscriptions.source import Item, Source


class Selection:
    """What one subscription selects of the items of its source."""

    __slots__ = ("_variables", "execution", "operation", "source", "start")

    def __init__(
        self,
        execution: Execution,
        operation: Operation,
        variables: Mapping[str, Any],
        source: Source,
        start: Hashable,
    ) -> None:
        self.execution = execution
        self.operation = operation
        self.source = source
        self.start = start
        """Equal for those that are told the same, and begin with the same."""
        self._variables = variables

    def runner(self, without: Collection[str] = ()) -> "Runner":
        """What executes the selection; as if the variables `without` had not been given."""
        executor = self.execution.executor(self.operation, self._variables, None)
        if without:
            executor.variable_values = VariableValues(
                {name: value for name, value in executor.variable_values.sources.items() if name not in without},
                {name: value for name, value in executor.variable_values.coerced.items() if name not in without},
            )
        return Runner(self, executor)

    def deadline(self) -> Deadline:
        """The time that the source has for its next step."""
        return self.execution.deadlines.after(self.execution.seconds)

    def failed(self, error: BaseException) -> Frame:
        """The last frame of a stream whose source failed."""
        return self._last(failed_context(error, self.execution.mask()))

    def late(self) -> Frame:
        """The last frame of a stream whose source took too long."""
        return self._last(self.execution.late())

    def _last(self, outcome: Outcome) -> Frame:
        _, payload = self.execution.encoded(Outcome({"errors": outcome.body["errors"]}))
        return Frame(payload, failed=True)


class Runner:
    """Executes a selection on items. Variables are read once."""

    def __init__(self, selection: Selection, executor: Executor[Any]) -> None:
        self._execution = selection.execution
        self._source = selection.source
        self._executor = executor

    async def frame(self, item: Item) -> Frame:
        """The encoded result of one item; a failed one where there is no context to execute it in."""
        mask = self._execution.mask()
        executor = self._executor.build_per_event_executor(item.payload)

        async def work(context: Any) -> Outcome:
            executor.context_value = context
            return await self._execution.answer(executor, mask)

        outcome = await self._execution.within(self._source.context, work, mask)
        outcome, payload = self._execution.encoded(outcome)
        return Frame(payload, item.cursor, failed="data" not in outcome.body, item=item)
