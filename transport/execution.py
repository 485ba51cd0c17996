"""Execution of one operation, from its request to its result, for every transport."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, ClassVar, TypeVar

import orjson
from graphql import GraphQLError, GraphQLSchema
from graphql.execution import Executor

from transport.admission import Admission
from transport.clients import BoundContextFactory, Client
from transport.deadlines import Deadline, DeadlineExpired, Deadlines, is_task_cancelled
from transport.documents.input_errors import variables_error
from transport.documents.operation import Operation, PreparedDocument, Work
from transport.documents.persisted import PersistedQueries
from transport.documents.store import DocumentStore
from transport.errors import Code, ErrorMasker, RequestError, make_error
from transport.executor import CompiledExecutor
from transport.metrics import Metrics
from transport.queries_in_flight import QueriesInFlight
from transport.rate_limits import BASE_COST, RateLimits
from transport.request import OperationCall, OperationRequest
from transport.request_log import log_operation
from transport.results import (
    OperationResult,
    access_ended,
    authentication_timeout,
    from_context_error,
    from_exception,
    from_request_error,
    shutdown_error,
    shutting_down,
    timed_out,
    to_request_error,
)
from transport.settings import TransportSettings
from transport.uploads import check_upload_paths

Result = TypeVar("Result")


class Execution:
    """Runs operations on a schema: each with a context and a deadline of its own, and with masked errors."""

    executor_class: ClassVar[type[Executor[Any]]] = CompiledExecutor
    """Tests also run with graphql-core's own, whose results are the same."""

    def __init__(self, schema: GraphQLSchema, settings: TransportSettings) -> None:
        self.documents = DocumentStore(schema, settings)
        self.persisted = PersistedQueries(self.documents, settings)
        self.schema = schema
        self.seconds = settings.limits.operation_seconds
        self.deadlines = Deadlines()
        """Of everything that runs on behalf of a client, from the first byte of a request on."""
        self.metrics = Metrics()
        self.admission = Admission(settings.limits, self.metrics)
        self.rate_limits = RateLimits(settings)
        self.masker = ErrorMasker()
        self.settings = settings
        self._in_flight = QueriesInFlight(self._execute_alone, self.encode)

    async def run(self, call: OperationCall) -> OperationResult:
        """Execute a query or mutation. Raises nothing but CancelledError, which stops the work.

        The context is entered before the document is parsed: a client that is refused costs no parsing.
        """
        if (refusal := self.refuse_early(call)) is not None:
            return refusal
        return await self.run_in_context(call.context, partial(self._execute_call, call), call.client)

    async def authenticate(self, authenticate: Awaitable[Client]) -> Client:
        """Return the client of a request or socket. Raises RequestError for one that is refused."""
        try:
            return await self.deadlines.run(authenticate, self.seconds)
        except DeadlineExpired:
            raise (shutdown_error() if self.deadlines.all_expired else authentication_timeout()) from None
        except Exception as error:  # foreign code: it may raise anything
            raise to_request_error(error, self.masker) from error

    async def run_in_context(
        self, make_context: BoundContextFactory, work: Callable[[Any], Awaitable[Result]], client: Client | None = None
    ) -> Result | OperationResult:
        """Return the result of `work` in a new context, within the time limit of an operation; else the error."""
        try:
            return await self.deadlines.run(self._with_context(make_context, work), self.seconds, client)
        except DeadlineExpired as expired:
            return self.timeout_result(expired)

    async def _with_context(
        self, make_context: BoundContextFactory, work: Callable[[Any], Awaitable[Result]]
    ) -> Result | OperationResult:
        try:
            async with make_context() as context:
                try:
                    return await work(context)
                except RequestError as error:
                    return from_request_error(error)
        except Exception as error:  # the context factory is foreign code: it may raise anything
            return from_context_error(error, self.masker)

    async def _execute_call(self, call: OperationCall, context: object) -> OperationResult:
        operation = self.prepare_operation(call)
        return await self.track(call.work, self.execute_operation(call, operation, context))

    def execute_operation(
        self, call: OperationCall, operation: Operation, context: object
    ) -> Awaitable[OperationResult]:
        """Execute the operation of a call, or let it share an execution with others."""
        run = self._in_flight.run if operation.shareable else self._execute_alone
        return run(call, operation, context)

    async def _execute_alone(self, call: OperationCall, operation: Operation, context: object) -> OperationResult:
        return await self.execute(self.build_executor(operation, call.request.variables, context))

    async def track(self, work: Work, operation: Awaitable[Result]) -> Result:
        """Count an operation as running until it has ended."""
        running = self.admission.monitor.running[work]
        running.count += 1
        try:
            return await operation
        finally:
            running.count -= 1
            running.finished += 1

    def refuse_early(self, call: OperationCall) -> OperationResult | None:
        """Return the result of a call that is refused before the server looks into it: over a rate limit or a load."""
        try:
            if call.quota is not None:
                call.quota.check()
            if self.admission.is_refusing and call.ticket is None:  # else its transport has checked it
                call.ticket = self.admission.check_any()
        except RequestError as error:
            return from_request_error(error)
        return None

    def prepare_operation(self, call: OperationCall) -> Operation:
        """Resolve the operation and check it against limits and transport.

        Raises RequestError if there is none, it is too complex, the transport cannot carry its result, the client is
        over its rate limit, or the server is overloaded.
        """
        request = call.request
        if call.quota is not None:
            call.quota.take(BASE_COST + self.documents.compilation_cost(request.query))
        operation = self._find_document(request).select_operation(request.operation_name)
        call.operation = operation  # before the checks, so that the log names refused operations too
        call.delivery.check(operation)
        if request.upload_paths:
            check_upload_paths(self.schema, operation, request.upload_paths)
        if operation.introspects and self.settings.production and not call.client.may_introspect:
            error = make_error(Code.FORBIDDEN, "You may not introspect this server.")
            raise RequestError([error], well_formed=True)
        cost = operation.check_variables(request.variables)
        if call.quota is not None:
            call.quota.charge(max(0, cost - BASE_COST))
        call.work = operation.work(cost)
        if self.admission.is_refusing:
            self.admission.check(call.work, call.ticket)
        return operation

    def _find_document(self, request: OperationRequest) -> PreparedDocument:
        # Most requests send a plain document, and need no lookup by hash or id.
        if request.query is None or "persistedQuery" in request.extensions or self.persisted.checks_trust:
            return self.persisted.resolve(request)
        return self.documents.get(request.query)

    def build_executor(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        context: object,
        executor_class: type[Executor[Any]] | None = None,
    ) -> Executor[Any]:
        """Build the executor of one result, or of each event of a subscription.

        Raises RequestError with BAD_USER_INPUT if the variables are not what the operation declares.
        """
        executor_class = executor_class or self.executor_class
        arguments: dict[str, Any] = {
            "schema": self.schema,
            "document": operation.document,
            "operation_name": operation.name,
            "max_coercion_errors": self.settings.limits.errors,
            "hide_suggestions": self.settings.production,
        }
        executor: Executor[Any] | list[GraphQLError]
        if issubclass(executor_class, CompiledExecutor):
            executor = executor_class.build_planned(operation.plans, variables, context, **arguments)
        else:
            executor = executor_class.build(raw_variable_values=dict(variables), context_value=context, **arguments)
        if isinstance(executor, list):
            # The operation is known and valid: what remains are errors of the variables.
            raise variables_error(self.schema, operation, variables, executor, self.settings)
        return executor

    async def execute(self, executor: Executor[Any]) -> OperationResult:
        """Execute an operation, or one event of a subscription."""
        result = await self.run_step(executor.execute_operation)
        return result if isinstance(result, OperationResult) else self.to_result(result)

    async def run_step(self, step: Callable[[], Any]) -> Any:
        """Return what a step of graphql-core returns or awaits; an OperationResult where it fails as a whole."""
        try:
            result = step()
            return await result if hasattr(result, "__await__") else result
        except Exception as error:  # a fault of the executor itself
            return from_exception(error, self.masker)
        except asyncio.CancelledError as error:
            if is_task_cancelled():
                raise
            return from_exception(error, self.masker)

    def to_result(self, result: Any) -> OperationResult:
        """Convert graphql-core's ExecutionResult."""
        if not result.errors:
            return OperationResult({"data": result.data})
        return OperationResult({"errors": self.masker.format_errors(result.errors), "data": result.data})

    def timeout_result(self, deadline: Deadline | DeadlineExpired) -> OperationResult:
        """Return the result of an operation whose deadline has expired."""
        if self.deadlines.all_expired:
            return shutting_down()
        return access_ended() if deadline.access_ended else timed_out(self.seconds)

    def encode(self, result: OperationResult) -> tuple[OperationResult, bytes]:
        """Encode a result as JSON. Returns another one where a value is none of JSON, or the result is too large."""
        if result.encoded is not None:
            return result, result.encoded
        try:
            return result, orjson.dumps(result.body)
        except (TypeError, MemoryError) as error:
            result = from_exception(error, self.masker)
            return result, orjson.dumps(result.body)

    def record(
        self,
        operation: Operation | None,
        outcome: str | list[str],
        *,
        status: int | None,
        seconds: float,
        logged: bool = True,
    ) -> None:
        """Log and count a finished operation: see `request_log.log_operation`."""
        if logged:
            log_operation(operation, outcome, status=status, seconds=seconds)
        self.metrics.observe_operation(operation, outcome, seconds)
