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
from transport.documents.persisted import PersistedQueries
from transport.documents.store import DocumentStore
from transport.errors import Code, RequestError, format_error, make_error
from transport.masking import ErrorMasker
from transport.metrics import Metrics
from transport.request import OperationRequest
from transport.request_log import log_operation
from transport.results import (
    OperationResult,
    from_context_error,
    from_exception,
    from_execution,
    from_request_error,
    shutting_down,
    timed_out,
)
from transport.settings import TransportSettings

BoundContextFactory: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
OperationCheck: TypeAlias = Callable[[Operation], None]
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
        self.documents = DocumentStore(schema, settings)
        self.persisted = PersistedQueries(
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

    async def run(
        self, request: OperationRequest, make_context: BoundContextFactory, check: OperationCheck
    ) -> OperationResult:
        """The answer to one request. Raises nothing but CancelledError, which stops the work.

        `make_context` is entered before anything else, so that who may not ask costs no parsing, and left when the
        answer is there. `admit` raises Refusal for operations that cannot travel this way.
        """
        masker = self.new_masker()
        return await self.run_in_context(
            make_context, partial(self._prepare_and_execute, request, check, masker), masker
        )

    async def run_in_context(
        self, make_context: BoundContextFactory, work: Callable[[Any], Awaitable[Result]], masker: ErrorMasker
    ) -> Result | OperationResult:
        """The result of `work` in a context of its own, in the time that an operation has; else why there is none."""
        try:
            async with self.deadlines.after(self.seconds) as deadline:
                return await with_context(make_context, work, masker)
        except TimeoutError as error:
            return self.timeout_result() if deadline.expired() else from_context_error(error, masker)

    def timeout_result(self) -> OperationResult:
        """The answer of an operation whose deadline has come."""
        return shutting_down() if self.deadlines.all_expired else timed_out(self.seconds)

    def record(
        self, operation: Operation | None, outcome: str | list[str], *, status: int | None, timeout_seconds: float
    ) -> None:
        """Log and count an operation that is over: see `transport.request_log.log_operation`."""
        log_operation(operation, outcome, status=status, seconds=timeout_seconds)
        self.metrics.observe_operation(operation, outcome, timeout_seconds)

    def encode(self, result: OperationResult) -> tuple[OperationResult, bytes]:
        """The answer as JSON, and the answer: another one where a resolver returned what JSON has no form for."""
        try:
            return result, orjson.dumps(result.body)
        except TypeError as error:
            result = from_exception(error, self.new_masker())
            return result, orjson.dumps(result.body)

    async def _prepare_and_execute(
        self, request: OperationRequest, check: OperationCheck, masker: ErrorMasker, context: object
    ) -> OperationResult:
        operation = self.prepare_operation(request, check)
        return await self.execute(self.build_executor(operation, request.variables, context), masker)

    def prepare_operation(self, request: OperationRequest, check: OperationCheck) -> Operation:
        """The operation that a request is for. Raises Refusal if there is none, or it asks for too much."""
        operation = self.persisted.resolve(request).select_operation(request.operation_name)
        check(operation)
        if operation.introspects and self._settings.production:
            error = make_error(Code.FORBIDDEN, "Introspection is switched off on this server.")
            raise RequestError([error], well_formed=True)
        operation.check_variables(request.variables)
        return operation

    def build_executor(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        context: object,
        executor_class: type[Executor[Any]] | None = None,
    ) -> Executor[Any]:
        """What runs an operation once, or for each item of a subscription; of the `kind` where one is given.

        Raises Refusal with BAD_USER_INPUT if the variables are not what the operation declares.
        """
        executor = (executor_class or self._executor_class).build(
            self.schema,
            operation.document,
            context_value=context,
            raw_variable_values=dict(variables),
            operation_name=operation.name,
            max_coercion_errors=self._settings.limits.errors,
            hide_suggestions=self._settings.production,
        )
        if isinstance(executor, list):
            # The operation is known and valid, so what is wrong are the variables.
            errors = (format_error(error, Code.BAD_USER_INPUT) for error in executor)
            raise RequestError(errors, well_formed=True, status=400)
        return executor

    async def execute(self, executor: Executor[Any], masker: ErrorMasker) -> OperationResult:
        """Run an operation, or one item of a subscription."""
        result = await run_step(executor.execute_operation, masker)
        return result if isinstance(result, OperationResult) else from_execution(result, masker)

    def new_masker(self) -> ErrorMasker:
        """For the errors of one operation."""
        return ErrorMasker(log_messages=self._settings.log_error_messages)


async def with_context(
    make_context: BoundContextFactory, work: Callable[[Any], Awaitable[Result]], masker: ErrorMasker
) -> Result | OperationResult:
    """The result of `work` in a context of its own; else why there is none."""
    try:
        async with make_context() as context:
            try:
                return await work(context)
            except RequestError as refusal:
                return from_request_error(refusal)
    except Exception as error:  # the context maker is the caller's: it may raise anything
        return from_context_error(error, masker)


async def run_step(step: Callable[[], Any], masker: ErrorMasker) -> Any:
    """What a step of graphql-core gives, at once or later; an Outcome where it breaks down as a whole."""
    try:
        result = step()
        return await result if hasattr(result, "__await__") else result
    except Exception as error:  # a fault of the executor itself
        return from_exception(error, masker)
    except asyncio.CancelledError as error:
        if is_task_cancelled():
            raise
        return from_exception(error, masker)


def is_task_cancelled() -> bool:
    """Whether a CancelledError means this task, and not something that it waited for."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
