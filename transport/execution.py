"""One operation, from its text to its answer, whatever it travels over: own context, own deadline, masked errors."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, TypeAlias, TypeVar

import orjson
from graphql import GraphQLSchema
from graphql.execution import Executor

from transport.deadlines import Deadlines
from transport.documents.operation import Operation
from transport.documents.persisted import Persisted
from transport.documents.store import Documents
from transport.errors import Code, Refusal, formatted, plain
from transport.masking import Mask
from transport.metrics import Metrics
from transport.request import OperationRequest
from transport.request_log import log_operation
from transport.results import Outcome, answered, failed, failed_context, refused, stopped, timed_out
from transport.settings import TransportSettings

ContextMaker: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
Admission: TypeAlias = Callable[[Operation], None]
Result = TypeVar("Result")


class Execution:
    """Runs operations on a schema.

    `executor_class` may be a faster executor than graphql-core's; it must answer the same.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        settings: TransportSettings,
        executor_class: type[Executor[Any]] = Executor,
    ) -> None:
        self.documents = Documents(schema, settings)
        self.persisted = Persisted(
            self.documents,
            settings.limits,
            automatic=settings.persisted_queries,
            trusted=settings.trusted_documents,
            mode=settings.trusted_documents_mode,
        )
        self.schema = schema
        self.seconds = settings.limits.operation_seconds
        self.deadlines = Deadlines()
        """Of all that takes its time on behalf of a client, from the first byte of a request on."""
        self._settings = settings
        self._executor_class = executor_class
        self.metrics = Metrics()

    async def run(self, request: OperationRequest, make_context: ContextMaker, admit: Admission) -> Outcome:
        """The answer to one request. Raises nothing but CancelledError, which stops the work.

        `make_context` is entered before anything else, so that who may not ask costs no parsing, and left when the
        answer is there. `admit` raises Refusal for operations that cannot travel this way.
        """
        mask = self.mask()
        return await self.within(make_context, partial(self._answer, request, admit, mask), mask)

    async def within(
        self, make_context: ContextMaker, work: Callable[[Any], Awaitable[Result]], mask: Mask
    ) -> Result | Outcome:
        """The result of `work` in a context of its own, in the time that an operation has; else why there is none."""
        try:
            async with self.deadlines.after(self.seconds) as deadline:
                return await in_context(make_context, work, mask)
        except TimeoutError as error:
            return self.late() if deadline.expired() else failed_context(error, mask)

    def late(self) -> Outcome:
        """The answer of an operation whose deadline has come."""
        return stopped() if self.deadlines.over else timed_out(self.seconds)

    def record(
        self, operation: Operation | None, outcome: str | list[str], *, status: int | None, seconds: float
    ) -> None:
        """Log and count an operation that is over: see `transport.request_log.log_operation`."""
        log_operation(operation, outcome, status=status, seconds=seconds)
        self.metrics.operation(operation, outcome, seconds)

    def encoded(self, outcome: Outcome) -> tuple[Outcome, bytes]:
        """The answer as JSON, and the answer: another one where a resolver returned what JSON has no form for."""
        try:
            return outcome, orjson.dumps(outcome.body)
        except TypeError as error:
            outcome = failed(error, self.mask())
            return outcome, orjson.dumps(outcome.body)

    async def _answer(self, request: OperationRequest, admit: Admission, mask: Mask, context: object) -> Outcome:
        operation = self.operation(request, admit)
        return await self.answer(self.executor(operation, request.variables, context), mask)

    def operation(self, request: OperationRequest, admit: Admission) -> Operation:
        """The operation that a request is for. Raises Refusal if there is none, or it asks for too much."""
        operation = self.persisted.find(request).operation(request.operation_name)
        admit(operation)
        if operation.introspects and not self._settings.introspection:
            error = plain(Code.FORBIDDEN, "Introspection is switched off on this server.")
            raise Refusal([error], well_formed=True)
        operation.admit(request.variables)
        return operation

    def executor(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        context: object,
        kind: type[Executor[Any]] | None = None,
    ) -> Executor[Any]:
        """What runs an operation once, or for each item of a subscription; of the `kind` where one is given.

        Raises Refusal with BAD_USER_INPUT if the variables are not what the operation declares.
        """
        executor = (kind or self._executor_class).build(
            self.schema,
            operation.document,
            context_value=context,
            raw_variable_values=dict(variables),
            operation_name=operation.name,
            max_coercion_errors=self._settings.limits.errors,
            hide_suggestions=not self._settings.suggestions,
        )
        if isinstance(executor, list):
            # The operation is known and valid, so what is wrong are the variables.
            errors = (formatted(error, Code.BAD_USER_INPUT) for error in executor)
            raise Refusal(errors, well_formed=True, status=400)
        return executor

    async def answer(self, executor: Executor[Any], mask: Mask) -> Outcome:
        """Run an operation, or one item of a subscription."""
        result = await attempt(executor.execute_operation, mask)
        return result if isinstance(result, Outcome) else answered(result, mask)

    def mask(self) -> Mask:
        """For the errors of one operation."""
        return Mask(log_messages=self._settings.log_error_messages)


async def in_context(
    make_context: ContextMaker, work: Callable[[Any], Awaitable[Result]], mask: Mask
) -> Result | Outcome:
    """The result of `work` in a context of its own; else why there is none."""
    try:
        async with make_context() as context:
            try:
                return await work(context)
            except Refusal as refusal:
                return refused(refusal)
    except Exception as error:  # the context maker is the caller's: it may raise anything
        return failed_context(error, mask)


async def attempt(step: Callable[[], Any], mask: Mask) -> Any:
    """What a step of graphql-core gives, at once or later; an Outcome where it breaks down as a whole."""
    try:
        result = step()
        return await result if hasattr(result, "__await__") else result
    except Exception as error:  # a fault of the executor itself
        return failed(error, mask)
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        return failed(error, mask)


def is_cancelled() -> bool:
    """Whether a CancelledError means this task, and not something that it waited for."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
