"""One operation, from its text to its answer, whatever it travels over: own context, own deadline, masked errors."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from graphql import ExecutionResult, GraphQLError, GraphQLSchema
from graphql.execution import Executor

from transport.documents import Documents
from transport.errors import Code, Headers, Refusal, formatted, plain
from transport.log import log_operation
from transport.masking import Mask, has_code
from transport.metrics import Metrics
from transport.operations import Operation
from transport.persisted import Persisted
from transport.request import OperationRequest
from transport.settings import TransportSettings

ContextMaker: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
Admission: TypeAlias = Callable[[Operation], None]


@dataclass(slots=True)
class Outcome:
    """The answer to one operation."""

    body: dict[str, Any]
    """`data` and `errors`, as the GraphQL specification says; no `data` where nothing was executed."""
    status: int = 200
    """The HTTP status for `application/graphql-response+json`."""
    legacy_status: int = 200
    """The HTTP status for `application/json`."""
    headers: Headers = ()

    @property
    def codes(self) -> list[str]:
        """The codes of its errors, each once, sorted."""
        return sorted({str(error["extensions"]["code"]) for error in self.body.get("errors", ())})


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
        self._settings = settings
        self._executor_class = executor_class
        self.metrics = Metrics()

    async def run(self, request: OperationRequest, make_context: ContextMaker, admit: Admission) -> Outcome:
        """The answer to one request. Raises nothing but CancelledError, which stops the work.

        `make_context` is entered before anything else, so that who may not ask costs no parsing, and left when the
        answer is there. `admit` raises Refusal for operations that cannot travel this way.
        """
        mask = Mask(log_messages=self._settings.log_error_messages)
        try:
            async with asyncio.timeout(self._settings.limits.operation_seconds) as deadline:
                return await self._run(request, make_context, admit, mask)
        except TimeoutError as error:
            if not deadline.expired():
                return failed_context(error, mask)
            return timed_out(self._settings.limits.operation_seconds)

    def record(
        self, operation: Operation | None, outcome: str | list[str], *, status: int | None, seconds: float
    ) -> None:
        """Log and count an operation that is over: see `transport.log.log_operation`."""
        log_operation(operation, outcome, status=status, seconds=seconds)
        self.metrics.operation(operation, outcome, seconds)

    def encoded(self, outcome: Outcome) -> tuple[Outcome, bytes]:
        """The answer as JSON, and the answer: another one where a resolver returned what JSON has no form for."""
        try:
            return outcome, orjson.dumps(outcome.body)
        except TypeError as error:
            outcome = failed(error, Mask(log_messages=self._settings.log_error_messages))
            return outcome, orjson.dumps(outcome.body)

    async def _run(
        self, request: OperationRequest, make_context: ContextMaker, admit: Admission, mask: Mask
    ) -> Outcome:
        try:
            async with make_context() as context:
                try:
                    operation = self._operation(request, admit)
                    return await self._execute(operation, request, context, mask)
                except Refusal as refusal:
                    return refused(refusal)
        except Exception as error:  # the context maker is the caller's: it may raise anything
            return failed_context(error, mask)

    def _operation(self, request: OperationRequest, admit: Admission) -> Operation:
        operation = self.persisted.find(request).operation(request.operation_name)
        admit(operation)
        if operation.introspects and not self._settings.introspection:
            error = plain(Code.FORBIDDEN, "Introspection is switched off on this server.")
            raise Refusal([error], well_formed=True)
        operation.admit(request.variables)
        return operation

    async def _execute(self, operation: Operation, request: OperationRequest, context: object, mask: Mask) -> Outcome:
        executor = self._executor_class.build(
            self.schema,
            operation.document,
            context_value=context,
            raw_variable_values=dict(request.variables),
            operation_name=operation.name,
            max_coercion_errors=self._settings.limits.errors,
            hide_suggestions=not self._settings.suggestions,
        )
        if isinstance(executor, list):
            # The operation is known and valid, so what is wrong are the variables.
            errors = (formatted(error, Code.BAD_USER_INPUT) for error in executor)
            raise Refusal(errors, well_formed=True, status=400)
        try:
            result: Any = executor.execute_operation()
            if not isinstance(result, ExecutionResult):
                result = await result
        except Exception as error:  # a fault of the executor itself
            return failed(error, mask)
        except asyncio.CancelledError as error:
            # Something that a resolver waited for was cancelled, not this task: the executor lets that pass.
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            return failed(error, mask)
        return answered(result, mask)


def answered(result: Any, mask: Mask) -> Outcome:
    """The answer of an operation that was executed."""
    if not result.errors:
        return Outcome({"data": result.data})
    return Outcome({"errors": mask.apply(result.errors), "data": result.data})


def failed(error: BaseException, mask: Mask) -> Outcome:
    """The answer of an operation that broke down as a whole."""
    return Outcome({"errors": [mask.surprise(error)], "data": None})


def refused(refusal: Refusal) -> Outcome:
    """The answer to a request of which nothing was executed."""
    return Outcome({"errors": refusal.errors}, refusal.status, refusal.legacy_status, refusal.headers)


def timed_out(seconds: float) -> Outcome:
    """The answer of an operation that took too long. What it wrote before may have been kept."""
    message = f"The operation took longer than {seconds:g} seconds. If it writes, it may have written."
    return Outcome({"errors": [plain(Code.TIMEOUT, message)], "data": None})


def failed_context(error: Exception, mask: Mask) -> Outcome:
    """The answer where there is no context: the caller is unknown, may not ask, or the server cannot serve."""
    if isinstance(error, Refusal):
        return refused(error)
    if not has_code(error):
        return refused(Refusal([mask.surprise(error)]))
    extensions: dict[str, Any] = error.extensions  # type: ignore[attr-defined]  # has_code has looked
    shown = formatted(GraphQLError(getattr(error, "message", None) or str(error), extensions=extensions))
    return refused(Refusal([shown], headers=retry_headers(extensions)))


def retry_headers(extensions: Mapping[str, Any]) -> Headers:
    """What the status of a refusal wants beside it: how to authenticate, when to come back."""
    if extensions["code"] == Code.UNAUTHENTICATED:
        return (("www-authenticate", "Bearer"),)
    if extensions["code"] not in (Code.SERVICE_UNAVAILABLE, Code.RATE_LIMITED):
        return ()
    seconds = extensions.get("retryAfter", 1)
    return (("retry-after", str(max(1, int(seconds)))),) if isinstance(seconds, int | float) else ()
