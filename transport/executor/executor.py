"""The executor: runs an operation by its plan where it has one, and by graphql-core otherwise. See README.md."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Final, Self, TypeAlias

from graphql import ExecutionResult, GraphQLError, OperationType
from graphql.execution import (
    Executor,
    VariableValues,
    default_field_resolver,
    default_type_resolver,
    get_variable_values,
)
from graphql.execution.executor import CollectedErrors
from graphql.pyutils import RefMap, is_async_iterable, is_awaitable

from transport.executor.compiled import CompiledPlan
from transport.executor.completion import Completion
from transport.executor.fallback import Outcome, Repeated
from transport.executor.line_budget import LineBudget, LineCount
from transport.executor.plan import Plan, PlannedField, Unplanned, condition_variables
from transport.executor.run import ASYNC_HELPERS, Run
from transport.executor.variables import CoerceVariables, plan_variables

RootField: TypeAlias = tuple[PlannedField, Completion]

MAX_PLANS: Final = 16
"""Of one operation: one for each combination of the variables in @skip and @include."""

NO_VARIABLES: Final = VariableValues({}, {})


class OperationPlans:
    """The plans of one operation, kept with its document; and what its executors have in common."""

    def __init__(self, budget: LineBudget | None = None) -> None:
        self.prototype: Mapping[str, Any] | None = None
        """Attributes of an executor that are the same in each request."""
        self.coerce_variables: CoerceVariables | None = None
        self._budget = budget or LineBudget()
        self._lines = LineCount(self._budget)
        self._conditions: list[str] | None = None
        """Variables that decide what is selected."""
        self._plans: dict[tuple[Any, ...], CompiledPlan | None] = {}
        """By the values of these; None where graphql-core executes the operation."""

    def get(self, executor: "CompiledExecutor") -> CompiledPlan | None:
        """Return the plan for the variables of an executor."""
        if self._conditions is None:
            self._conditions = self._find_conditions(executor)
        coerced = executor.variable_values.coerced
        key = tuple([coerced.get(name) for name in self._conditions]) if self._conditions else ()
        try:
            return self._plans[key]
        except KeyError:
            return self._plan(executor, key)

    def refuse(self, plan: CompiledPlan) -> None:
        """Leave the operation to graphql-core from now on."""
        self._plans = {key: None if each is plan else each for key, each in self._plans.items()}
        if not any(self._plans.values()):
            self._lines.give_back()

    def drop(self) -> None:
        """Drop all functions, and give their lines back."""
        self._plans = {}
        self._conditions = None
        self._lines.give_back()

    def __del__(self) -> None:
        self._lines.give_back()

    def _find_conditions(self, executor: "CompiledExecutor") -> list[str]:
        conditions = condition_variables(executor.operation, executor.fragment_definitions)
        if conditions is None:
            self._plans[()] = None
        return conditions or []

    def _plan(self, executor: "CompiledExecutor", key: tuple[Any, ...]) -> CompiledPlan | None:
        is_decided = all(isinstance(value, bool) for value in key)  # else graphql-core says what is wrong
        if not is_decided or len(self._plans) >= MAX_PLANS:
            return None
        if not self._plans:
            self._budget.make_room()
            self._budget.register(self)
        conditions = dict(zip(self._conditions or (), key, strict=True))
        try:
            plan = CompiledPlan(Plan(executor, conditions), self._lines)
        except (Unplanned, GraphQLError, RecursionError):
            plan = None
        self._plans[key] = plan
        return plan


class CompiledExecutor(Executor[Any]):
    """graphql-core's executor, several times as fast where an operation has a plan. Results are the same.

    An operation is planned when it is executed first; `plans` keeps what was made for executors of the same operation.
    """

    plans: OperationPlans

    def __init__(self, *args: Any, plans: OperationPlans | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plans = plans or OperationPlans()
        self.async_helpers = ASYNC_HELPERS
        self._is_plannable = (
            self.field_resolver is default_field_resolver
            and self.type_resolver is default_type_resolver
            and self.is_awaitable is is_awaitable
            and self.is_async_iterable is is_async_iterable
            and not (self.middleware_manager or self.abort_signal or self.hooks or self.enable_early_execution)
        )
        self._serial: CompiledPlan | None = None
        """Of a mutation whose root fields graphql-core executes one after the other."""
        self._repeated: Repeated | None = None
        """What graphql-core repeats of a run."""

    @classmethod
    def build_planned(
        cls,
        plans: OperationPlans,
        raw_variable_values: Mapping[str, Any],
        context_value: Any,
        *,
        max_coercion_errors: int,
        **arguments: Any,
    ) -> list[GraphQLError] | Self:
        """Build the executor of a request as `build` does, but look at the document only the first time."""
        if plans.prototype is None:
            first = cls.build(
                raw_variable_values=dict(raw_variable_values),
                max_coercion_errors=max_coercion_errors,
                plans=plans,
                **arguments,
            )
            if isinstance(first, list):
                return first
            plans.prototype = first.__dict__ | {"variable_values": NO_VARIABLES, "plans": None}
        prototype = plans.prototype
        executor = cls.__new__(cls)
        executor.__dict__.update(prototype)
        executor.plans = plans  # not in what the plans keep: a reference cycle
        executor.context_value = context_value
        if executor.operation.operation is OperationType.SUBSCRIPTION:
            executor.renew()  # graphql-core itself opens its source
        if definitions := executor.operation.variable_definitions:
            if plans.coerce_variables is None:
                plans.coerce_variables = plan_variables(executor.schema, definitions)
            values = plans.coerce_variables(raw_variable_values) or get_variable_values(
                executor.schema,
                definitions,
                dict(raw_variable_values),
                max_coercion_errors,
                executor.hide_suggestions,
            )
            if isinstance(values, list):
                return values
            executor.variable_values = values
        return executor

    def build_per_event_executor(self, payload: Any) -> Self:
        executor = type(self).__new__(type(self))
        executor.__dict__.update(self.__dict__)
        executor.root_value = payload
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        plan = self.plans.get(self) if self._is_plannable else None
        if self._repeated is not None:  # of an execution before
            self._repeated = self.middleware_manager = None
        if plan is None:
            return self._execute_unplanned(serially)
        if serially is None:
            serially = self.operation.operation is OperationType.MUTATION
        if serially and len(plan.root) > 1:
            return self._execute_unplanned(serially, serial=plan)
        return self._execute(plan, plan.root, _result, partial(self._execute_unplanned, serially))

    def execute_field(self, parent_type: Any, source: Any, details: Any, path: Any, position_context: Any) -> Any:
        execute = super().execute_field
        if self._serial is None or path.prev is not None:
            return execute(parent_type, source, details, path, position_context)
        root = [each for each in self._serial.root if each[0].name == path.key]
        repeat = partial(execute, parent_type, source, details, path, position_context)
        return self._execute(self._serial, root, itemgetter(path.key), repeat)

    def _execute(
        self,
        plan: CompiledPlan,
        fields: Sequence[RootField],
        result_of: Callable[[dict[str, Any]], Any],
        repeat: Callable[[], Any],
    ) -> Any:
        """Return the result of root fields, or an awaitable of it."""
        is_mutation = self.operation.operation is OperationType.MUTATION
        run = Run(self, Outcome() if is_mutation else None)
        data: dict[str, Any] = {}
        try:
            for planned, completion in fields:
                run.start(planned, completion, data)
        except Exception as error:  # an error of the result, or an operation that no plan can execute
            is_planned = not isinstance(error, Unplanned)
        else:
            return self._finish(plan, run, data, result_of, repeat) if run.is_waiting else result_of(data)
        # Not while the error is handled: it would be the context of those that graphql-core meets.
        result = self._fall_back(plan, run, repeat, is_planned=is_planned)
        if is_awaitable(result):
            return _close_after(result, run)
        run.close()
        return result

    async def _finish(
        self,
        plan: CompiledPlan,
        run: Run,
        data: dict[str, Any],
        result_of: Callable[[dict[str, Any]], Any],
        repeat: Callable[[], Any],
    ) -> Any:
        try:
            await run.finish()
        except Exception as error:
            is_planned = not isinstance(error, Unplanned)
        else:
            return result_of(data)
        try:
            if run.outcomes.root is None and self.root_value is None:
                # All is resolved again: a slow resolver must not run twice at the same time.
                await run.cancel()
            result = self._fall_back(plan, run, repeat, is_planned=is_planned)
            return await result if is_awaitable(result) else result
        finally:
            await run.cancel()

    def _fall_back(self, plan: CompiledPlan, run: Run, repeat: Callable[[], Any], *, is_planned: bool) -> Any:
        """Let graphql-core execute root fields, after an error in a run."""
        if not is_planned:
            self.plans.refuse(plan)
        self._repeated = self.middleware_manager = Repeated(run.outcomes)
        return repeat()

    async def with_abort_signal(self, awaitable: Awaitable[Any]) -> Any:
        if self._repeated is not None:
            return await self._repeated.wait(awaitable)
        return await super().with_abort_signal(awaitable)

    def _execute_unplanned(self, serially: bool | None, *, serial: CompiledPlan | None = None) -> Any:
        self.renew()
        self._serial = serial
        return super().execute_operation(serially)

    def renew(self) -> None:
        """Begin to collect anew: what graphql-core collects belongs to one execution, and executors are copies."""
        self.collected_errors = CollectedErrors()
        self._relevant_sub_fields = {}
        self._stream_usages = RefMap()
        self.pending_incremental_futures = set()
        self.background_futures = set()


async def _close_after(result: Awaitable[Any], run: Run) -> Any:
    try:
        return await result
    finally:
        run.close()


def _result(data: dict[str, Any]) -> ExecutionResult:
    return ExecutionResult(data, None)
