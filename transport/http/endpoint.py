"""The endpoint: one ASGI application that answers GraphQL by POST and GET, and shows a page to browsers."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from functools import partial
from time import perf_counter
from typing import Any, TypeAlias

from graphql import GraphQLSchema, OperationType
from graphql.execution import Executor
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from transport.documents.operation import Operation
from transport.errors import Code, Headers, RequestError, bad_request, make_error
from transport.execution import Execution
from transport.http.compression import compress
from transport.http.csrf import check_preflight
from transport.http.disconnect import CancelOnDisconnect, ClientDisconnected
from transport.http.headers import joined_header
from transport.http.negotiation import GRAPHQL_RESPONSE, HTML, JSON, negotiate
from transport.http.request_body import CONNECTION_CLOSE, BodyReader, check_content_type, read_body
from transport.http.request_params import NO_QUERY, from_body, from_query_string
from transport.http.responses import Page, send_json, send_page
from transport.http.stream_response import StreamSent, send_stream, stream_options
from transport.http.stream_types import can_respond, negotiate_streams
from transport.http.uploads import is_multipart, read_multipart
from transport.metrics import Metrics
from transport.request import OperationRequest
from transport.results import OperationResult, from_request_error
from transport.settings import Limits, TransportSettings
from transport.subscriptions import StreamManager
from transport.uploads import VariablePath, check_upload_paths

ContextFactory: TypeAlias = Callable[[HTTPConnection], AbstractAsyncContextManager[Any]]

# What comes first is what a client gets that does not care: GraphQL over HTTP wants the older type there.
API_MEDIA_TYPES = (JSON, GRAPHQL_RESPONSE)
API_MEDIA_TYPES_OR_HTML = (JSON, GRAPHQL_RESPONSE, HTML)
ALLOW_GET_POST = (("allow", "GET, POST"),)
ALLOW_POST = (("allow", "POST"),)
NOT_ACCEPTABLE = f"Accept must allow {GRAPHQL_RESPONSE} or {JSON}."


class GraphQLEndpoint:
    """GraphQL over HTTP for one schema, as a Starlette route: `Route("/graphql", GraphQLEndpoint(…))`.

    `make_context` is called once for each operation with the connection; what it returns is entered for the operation's
    context and left when the operation is over. An exception from it with a code in `extensions` becomes the answer:
    UNAUTHENTICATED 401, FORBIDDEN 403, RATE_LIMITED 429, SERVICE_UNAVAILABLE 503 (with Retry-After: `retryAfter`
    seconds of the extensions, or 1). `page` is what a browser gets that asks without a query.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        make_context: ContextFactory,
        settings: TransportSettings | None = None,
        *,
        page: Page | None = None,
        executor_class: type[Executor[Any]] = Executor,
    ) -> None:
        self.settings = settings or TransportSettings()
        self.execution = Execution(schema, self.settings, executor_class)
        self.streams = StreamManager(self.execution, self.settings.limits)
        self.make_context = make_context
        self.page = page
        add_stream_gauges(self.metrics, self.streams)

    @property
    def metrics(self) -> Metrics:
        """What is counted of all operations; more can be added."""
        return self.execution.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        with ExitStack() as resources:
            await RequestHandler(self, scope, receive, send, resources).run()


def add_stream_gauges(metrics: Metrics, streams: StreamManager) -> None:
    """Have the figures tell of streams."""
    metrics.add_gauge("graphql_subscriptions", "Subscriptions that are open.", lambda: len(streams.subscriptions))
    metrics.add_gauge("graphql_subscription_groups", "Groups that are told the same.", lambda: len(streams.groups))
    metrics.add_gauge("graphql_queued_bytes", "What waits for readers of streams.", lambda: streams.queued_bytes)


class RequestHandler:
    """One request and its answer; what it needs only so long is kept in `keep`."""

    def __init__(
        self, endpoint: GraphQLEndpoint, scope: Scope, receive: Receive, send: Send, resources: ExitStack
    ) -> None:
        self._endpoint = endpoint
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_get = scope["method"] == "GET"
        self._resources = resources
        self._upload_paths: tuple[VariablePath, ...] = ()
        self._operation: Operation | None = None
        self._accept = joined_header(scope, b"accept")
        self._media_type = negotiate(self._accept, API_MEDIA_TYPES)
        self._stream_types = negotiate_streams(self._accept)

    async def run(self) -> None:
        """Answer, and log what was answered."""
        started = perf_counter()
        execution = self._endpoint.execution
        page = (
            self._endpoint.page if self._is_get and negotiate(self._accept, API_MEDIA_TYPES_OR_HTML) == HTML else None
        )
        try:
            self._check_method()
            request = await self._read()
            if request is None and page is not None:
                return await send_page(self._send, page)
            result = await self._execute(request)
        except RequestError as refusal:
            result = from_request_error(refusal)
        except ClientDisconnected:
            return execution.record(self._operation, "gone", status=None, timeout_seconds=perf_counter() - started)
        if not isinstance(result, OperationResult):
            return execution.record(
                self._operation, result.outcome, status=200, timeout_seconds=perf_counter() - started
            )
        result, body = execution.encode(result)
        status = result.status if self._media_type == GRAPHQL_RESPONSE else result.legacy_status
        execution.record(
            self._operation, result.error_codes or "ok", status=status, timeout_seconds=perf_counter() - started
        )
        body, encoding = await compress(self._scope, body, self._endpoint.settings.gzip_bytes)
        headers = (*result.headers, *encoding, *self._close_headers(result))
        return await send_json(self._send, status, self._media_type or JSON, body, headers)

    def _close_headers(self, result: OperationResult) -> Headers:
        """Who asks a server that stops should ask another one next."""
        return (
            ()
            if not self._endpoint.streams.draining.started or CONNECTION_CLOSE[0] in result.headers
            else CONNECTION_CLOSE
        )

    def _check_method(self) -> None:
        if self._scope["method"] not in ("GET", "POST"):
            raise bad_request("GraphQL is asked by POST, queries also by GET.", status=405, headers=ALLOW_GET_POST)

    async def _read(self) -> OperationRequest | None:
        limits = self._endpoint.settings.limits
        if self._is_get:
            return from_query_string(self._scope["query_string"], limits)
        if self._endpoint.settings.uploads and is_multipart(self._scope):
            return await self._read_multipart(limits)
        check_content_type(self._scope)
        return from_body(await read_body(self._scope, self._body_reader(limits), limits), limits)

    async def _read_multipart(self, limits: Limits) -> OperationRequest:
        if self._endpoint.settings.csrf_prevention:
            check_preflight(self._scope)
        request = await read_multipart(self._scope, self._body_reader(limits), limits, self._resources)
        self._upload_paths = request.upload_paths
        return request

    def _body_reader(self, limits: Limits) -> BodyReader:
        return BodyReader(self._receive, limits, self._endpoint.execution.deadlines)

    async def _execute(self, request: OperationRequest | None) -> OperationResult | StreamSent:
        if self._media_type is None and self._stream_types is None:
            raise bad_request(NOT_ACCEPTABLE, status=406)
        if request is None:
            raise bad_request(NO_QUERY)
        make_context = partial(self._endpoint.make_context, HTTPConnection(self._scope))
        with CancelOnDisconnect(self._receive):
            if self._stream_types is None:
                return await self._endpoint.execution.run(request, make_context, self._check_operation)
            options = stream_options(self._scope, self._stream_types, self._endpoint.settings.limits)
            response = await self._endpoint.streams.open(request, make_context, self._check_operation, options)
            return await send_stream(self._scope, self._send, response, self._stream_types)

    def _check_operation(self, operation: Operation) -> None:
        self._operation = operation
        if not can_respond(operation, self._media_type, self._stream_types):
            if operation.type is not OperationType.SUBSCRIPTION:
                raise bad_request(NOT_ACCEPTABLE, status=406)
            message = "A subscription has more than one answer: it needs a transport that streams."
            raise RequestError([make_error(Code.OPERATION_RESOLUTION_FAILURE, message)])
        if operation.type is OperationType.MUTATION and self._is_get:
            raise bad_request("A mutation must be sent by POST.", status=405, headers=ALLOW_POST)
        if self._upload_paths:
            check_upload_paths(self._endpoint.execution.schema, operation, self._upload_paths)
