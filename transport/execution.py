"""Execution of one operation, from its request to its result, for every transport."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import CoroutineType
from typing import Any, Final, TypeAlias, TypeVar
from weakref import WeakMethod

import orjson
from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLResolveInfoHelpers,
    GraphQLSchema,
    TypeNameMetaFieldDef,
    Undefined,
    is_leaf_type,
)
from graphql.execution import Executor

from transport.admission import Admission
from transport.clients import BoundContextFactory, Client
from transport.deadlines import Deadline, Deadlines, is_task_cancelled
from transport.documents.input_errors import variables_error
from transport.documents.operation import Operation, PreparedDocument, Work
from transport.documents.persisted import PersistedQueries
from transport.documents.store import DocumentStore
from transport.errors import Code, ErrorMasker, RequestError, make_error
from transport.metrics import Metrics
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

READ: Final = "read"
"""Key of a field's extensions; see `FastExecutor`."""

Result = TypeVar("Result")
_Complete: TypeAlias = Callable[[Any], Any]
"""Returns a value as it stands in the result; raises for one that is not allowed."""
_Read: TypeAlias = tuple[str, Callable[[Any, Any], Any], _Complete]
"""Response name; function of source and context; completion."""

_NOT_AWAITABLE: Final = frozenset({str, int, float, bool, type(None), list, dict})


@dataclass(frozen=True, slots=True)
class _Selection:
    """Fields selected on one type."""

    fields: Mapping[str, Any]
    """By response name, in the order of the result."""
    read: tuple[_Read, ...]
    """Those that are read directly."""
    rest: dict[str, Any]

    def without(self, name: str) -> "_Selection":
        """Leave a field to graphql-core."""
        read = tuple(field for field in self.read if field[0] != name)
        rest = {key: value for key, value in self.fields.items() if key == name or key in self.rest}
        return _Selection(self.fields, read, rest)


class FastExecutor(Executor[Any]):
    """graphql-core's executor with two shortcuts. Results are the same: it does itself what is rare, such as errors.

    - A field without arguments may have `extensions["read"]`, a function of source and context that returns what its
      resolver does; the items of a list must not be awaitable. Fields of a leaf type that have one are read directly:
      without resolve info and path, which cost more than all else.
    - The selections of the first event of a subscription are kept for all others.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Its own methods would be a cycle, which keeps all objects of a request until the collector runs.
        self.async_helpers = GraphQLResolveInfoHelpers(_weak(self.gather_async_work), _weak(self.track_async_work))
        # Copies of the executor, one for each event, share both.
        self._root_fields: list[Any] = []
        """Of the first event. graphql-core memoizes sub-selections by the identity of the fields above them: with root
        fields collected for each event it would find nothing there, and add to it without end."""
        self._selections: dict[int, _Selection] = {}
        """By the identity of their fields."""

    def execute_collected_root_fields(
        self, root_type: Any, root_value: Any, grouped_field_set: Any, serially: bool, new_defer_usages: Any
    ) -> Any:
        if not self._root_fields:
            self._root_fields.append(grouped_field_set)
        (fields,) = self._root_fields
        return super().execute_collected_root_fields(root_type, root_value, fields, serially, new_defer_usages)

    def execute_fields(
        self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, position_context: Any
    ) -> Any:
        selection = self._selections.get(id(grouped_field_set))
        if selection is None:
            selection = self._selections[id(grouped_field_set)] = self._select(parent_type, grouped_field_set)
        if not selection.read:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        results: dict[str, Any] = dict.fromkeys(selection.fields)
        try:
            awaitable = self._read_into(results, selection, source_value)
        except Exception:  # graphql-core meets it again, and says where
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if awaitable is not None:
            self._selections[id(grouped_field_set)] = selection.without(awaitable)
            return self.execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if not selection.rest:
            return results
        rest: Any = super().execute_fields(parent_type, source_value, path, selection.rest, position_context)
        if self.is_awaitable(rest):
            return _merge_awaited(results, rest)
        results.update(rest)
        return results

    def _read_into(self, results: dict[str, Any], selection: _Selection, source: Any) -> str | None:
        """Read fields. Returns the name of one whose value is awaitable, after which no other was read."""
        context = self.context_value
        for name, read, complete in selection.read:
            value = read(source, context)
            if type(value) not in _NOT_AWAITABLE and self.is_awaitable(value):
                if isinstance(value, CoroutineType):
                    value.close()
                return name
            results[name] = complete(value)
        return None

    def _select(self, parent_type: Any, grouped_field_set: Mapping[str, Any]) -> _Selection:
        read: list[_Read] = []
        rest = {}
        for name, details in grouped_field_set.items():
            field = self.schema.get_field(parent_type, details[0].node.name.value)
            assert field is not None, "the document is valid"
            is_readable = READ in field.extensions and not (field.args or self.middleware_manager)
            if field is TypeNameMetaFieldDef:
                read.append((name, lambda *_, type_name=parent_type.name: type_name, str))
            elif is_readable and (complete := _completion_of(field.type)) is not None:
                read.append((name, field.extensions[READ], complete))
            else:
                rest[name] = details
        return _Selection(grouped_field_set, tuple(read), rest)


def _weak(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that calls a method of an object that lives."""
    reference = WeakMethod(method)

    def call(values: Any) -> Any:
        living = reference()
        assert living is not None, "resolvers run within the execution"
        return living(values)

    return call


async def _merge_awaited(results: dict[str, Any], rest: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    results.update(await rest)
    return results


def _completion_of(type_: Any) -> _Complete | None:
    """Return how to complete values of a leaf type, or lists of it; None for other types."""
    if isinstance(type_, GraphQLNonNull):
        inner = _completion_of(type_.of_type)
        return None if inner is None else _required(inner)
    if isinstance(type_, GraphQLList):
        item = _completion_of(type_.of_type)
        return None if item is None else _list(item)
    return _leaf(type_.coerce_output_value) if is_leaf_type(type_) else None


def _required(complete: _Complete) -> _Complete:
    def complete_required(value: Any) -> Any:
        completed = complete(value)
        if completed is None:
            raise TypeError("null")
        return completed

    return complete_required


def _leaf(coerce: Callable[[Any], Any]) -> _Complete:
    def complete_leaf(value: Any) -> Any:
        if value is None or value is Undefined:
            return None
        if isinstance(value, Exception):
            raise value
        if (coerced := coerce(value)) is None or coerced is Undefined:
            raise TypeError("no value")
        return coerced

    return complete_leaf


def _list(item: _Complete) -> _Complete:
    def complete_list(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not list:
            raise TypeError("no list")
        return [item(each) for each in value]

    return complete_list


class Execution:
    """Runs operations on a schema: each with a context and a deadline of its own, and with masked errors.

    `executor_class` may be a faster executor than graphql-core's; its results must be the same.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        settings: TransportSettings,
        executor_class: type[Executor[Any]] = FastExecutor,
    ) -> None:
        self.documents = DocumentStore(schema, settings)
        self.persisted = PersistedQueries(self.documents, settings)
        self.schema = schema
        self.seconds = settings.limits.operation_seconds
        self.deadlines = Deadlines()
        """Of everything that runs on behalf of a client, from the first byte of a request on."""
        self.metrics = Metrics()
        self.admission = Admission(settings.limits, self.metrics)
        self.masker = ErrorMasker()
        self._settings = settings
        self._executor_class = executor_class

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
            async with self.deadlines.after(self.seconds) as deadline:
                return await authenticate
        except Exception as error:  # foreign code: it may raise anything
            if isinstance(error, TimeoutError) and deadline.expired():
                raise (shutdown_error() if self.deadlines.all_expired else authentication_timeout()) from None
            raise to_request_error(error, self.masker) from error

    async def run_in_context(
        self, make_context: BoundContextFactory, work: Callable[[Any], Awaitable[Result]], client: Client | None = None
    ) -> Result | OperationResult:
        """Return the result of `work` in a new context, within the time limit of an operation; else the error."""
        try:
            async with self.deadlines.after(self.seconds, client) as deadline:
                return await self._with_context(make_context, work)
        except TimeoutError as error:
            # A TimeoutError of the context factory is an error like any other.
            return self.timeout_result(deadline) if deadline.expired() else from_context_error(error, self.masker)

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
        executor = self.build_executor(operation, call.request.variables, context)
        return await self.track(call.work, self.execute(executor))

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
        """Return the result of a call that an overloaded server refuses before it looks into it."""
        if self.admission.is_refusing and call.ticket is None:  # else its transport has checked it
            try:
                call.ticket = self.admission.check_any()
            except RequestError as error:
                return from_request_error(error)
        return None

    def prepare_operation(self, call: OperationCall) -> Operation:
        """Resolve the operation and check it against limits and transport.

        Raises RequestError if there is none, it is too complex, the transport cannot carry its result, or the server is
        overloaded.
        """
        request = call.request
        operation = self._find_document(request).select_operation(request.operation_name)
        call.operation = operation  # before the checks, so that the log names refused operations too
        call.delivery.check(operation)
        if request.upload_paths:
            check_upload_paths(self.schema, operation, request.upload_paths)
        if operation.introspects and self._settings.production and not call.client.may_introspect:
            error = make_error(Code.FORBIDDEN, "You may not introspect this server.")
            raise RequestError([error], well_formed=True)
        call.work = operation.work(operation.check_variables(request.variables))
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
            # The operation is known and valid: what remains are errors of the variables.
            raise variables_error(self.schema, operation, variables, executor, self._settings)
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

    def timeout_result(self, deadline: Deadline) -> OperationResult:
        """Return the result of an operation whose deadline has expired."""
        if self.deadlines.all_expired:
            return shutting_down()
        return access_ended() if deadline.access_ended else timed_out(self.seconds)

    def encode(self, result: OperationResult) -> tuple[OperationResult, bytes]:
        """Encode a result as JSON. Returns another one where a value is none of JSON, or the result is too large."""
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
