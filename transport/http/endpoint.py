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
from transport.errors import Code, Headers, Refusal, bad_request, plain
from transport.execution import Execution
from transport.http.compression import packed
from transport.http.csrf import check_preflight
from transport.http.disconnect import CancelWhenGone, ClientGoneError
from transport.http.headers import joined
from transport.http.negotiation import GRAPHQL_RESPONSE, HTML, JSON, chosen
from transport.http.request_body import CLOSE, Arriving, check_content_type, read_body
from transport.http.request_params import NO_QUERY, from_body, from_query_string
from transport.http.responses import Page, send_json, send_page
from transport.http.stream_response import Sent, send_answer, wished
from transport.http.stream_types import can_carry, stream_types
from transport.http.uploads import is_multipart, read_multipart
from transport.metrics import Metrics
from transport.request import OperationRequest
from transport.results import Outcome, refused
from transport.settings import Limits, TransportSettings
from transport.subscriptions import Streams
from transport.uploads import Place, check_places

MakeContext: TypeAlias = Callable[[HTTPConnection], AbstractAsyncContextManager[Any]]

# What comes first is what a client gets that does not care: GraphQL over HTTP wants the older type there.
FOR_PROGRAMS = (JSON, GRAPHQL_RESPONSE)
FOR_ANYBODY = (JSON, GRAPHQL_RESPONSE, HTML)
ALLOW_BOTH = (("allow", "GET, POST"),)
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
        make_context: MakeContext,
        settings: TransportSettings | None = None,
        *,
        page: Page | None = None,
        executor_class: type[Executor[Any]] = Executor,
    ) -> None:
        self.settings = settings or TransportSettings()
        self.execution = Execution(schema, self.settings, executor_class)
        self.streams = Streams(self.execution, self.settings.limits)
        self.make_context = make_context
        self.page = page
        show_streams(self.metrics, self.streams)

    @property
    def metrics(self) -> Metrics:
        """What is counted of all operations; more can be added."""
        return self.execution.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        with ExitStack() as keep:
            await Exchange(self, scope, receive, send, keep).run()


def show_streams(metrics: Metrics, streams: Streams) -> None:
    """Have the figures tell of streams."""
    metrics.gauge("graphql_subscriptions", "Subscriptions that are open.", lambda: len(streams.subscriptions))
    metrics.gauge("graphql_subscription_groups", "Groups that are told the same.", lambda: len(streams.groups))
    metrics.gauge("graphql_queued_bytes", "What waits for readers of streams.", lambda: streams.queued_bytes)


class Exchange:
    """One request and its answer; what it needs only so long is kept in `keep`."""

    def __init__(self, endpoint: GraphQLEndpoint, scope: Scope, receive: Receive, send: Send, keep: ExitStack) -> None:
        self._endpoint = endpoint
        self._scope = scope
        self._receive = receive
        self._send = send
        self._reads_only = scope["method"] == "GET"
        self._keep = keep
        self._files: tuple[Place, ...] = ()
        self._operation: Operation | None = None
        self._accept = joined(scope, b"accept")
        self._media = chosen(self._accept, FOR_PROGRAMS)
        self._streams = stream_types(self._accept)

    async def run(self) -> None:
        """Answer, and log what was answered."""
        started = perf_counter()
        execution = self._endpoint.execution
        page = self._endpoint.page if self._reads_only and chosen(self._accept, FOR_ANYBODY) == HTML else None
        try:
            self._check()
            request = await self._read()
            if request is None and page is not None:
                return await send_page(self._send, page)
            outcome = await self._outcome(request)
        except Refusal as refusal:
            outcome = refused(refusal)
        except ClientGoneError:
            return execution.record(self._operation, "gone", status=None, seconds=perf_counter() - started)
        if not isinstance(outcome, Outcome):
            return execution.record(self._operation, outcome.told, status=200, seconds=perf_counter() - started)
        outcome, body = execution.encoded(outcome)
        status = outcome.status if self._media == GRAPHQL_RESPONSE else outcome.legacy_status
        execution.record(self._operation, outcome.codes or "ok", status=status, seconds=perf_counter() - started)
        body, encoding = await packed(self._scope, body, self._endpoint.settings.gzip_bytes)
        headers = (*outcome.headers, *encoding, *self._parting(outcome))
        return await send_json(self._send, status, self._media or JSON, body, headers)

    def _parting(self, outcome: Outcome) -> Headers:
        """Who asks a server that stops should ask another one next."""
        return () if not self._endpoint.streams.draining.started or CLOSE[0] in outcome.headers else CLOSE

    def _check(self) -> None:
        if self._scope["method"] not in ("GET", "POST"):
            raise bad_request("GraphQL is asked by POST, queries also by GET.", status=405, headers=ALLOW_BOTH)

    async def _read(self) -> OperationRequest | None:
        limits = self._endpoint.settings.limits
        if self._reads_only:
            return from_query_string(self._scope["query_string"], limits)
        if self._endpoint.settings.uploads and is_multipart(self._scope):
            return await self._read_multipart(limits)
        check_content_type(self._scope)
        return from_body(await read_body(self._scope, self._arriving(limits), limits), limits)

    async def _read_multipart(self, limits: Limits) -> OperationRequest:
        if self._endpoint.settings.csrf_prevention:
            check_preflight(self._scope)
        request = await read_multipart(self._scope, self._arriving(limits), limits, self._keep)
        self._files = request.files
        return request

    def _arriving(self, limits: Limits) -> Arriving:
        return Arriving(self._receive, limits, self._endpoint.execution.deadlines)

    async def _outcome(self, request: OperationRequest | None) -> Outcome | Sent:
        if self._media is None and self._streams is None:
            raise bad_request(NOT_ACCEPTABLE, status=406)
        if request is None:
            raise bad_request(NO_QUERY)
        make_context = partial(self._endpoint.make_context, HTTPConnection(self._scope))
        with CancelWhenGone(self._receive):
            if self._streams is None:
                return await self._endpoint.execution.run(request, make_context, self._admit)
            wishes = wished(self._scope, self._streams, self._endpoint.settings.limits)
            answer = await self._endpoint.streams.open(request, make_context, self._admit, wishes)
            return await send_answer(self._scope, self._send, answer, self._streams)

    def _admit(self, operation: Operation) -> None:
        self._operation = operation
        if not can_carry(operation, self._media, self._streams):
            if operation.type is not OperationType.SUBSCRIPTION:
                raise bad_request(NOT_ACCEPTABLE, status=406)
            message = "A subscription has more than one answer: it needs a transport that streams."
            raise Refusal([plain(Code.OPERATION_RESOLUTION_FAILURE, message)])
        if operation.type is OperationType.MUTATION and self._reads_only:
            raise bad_request("A mutation must be sent by POST.", status=405, headers=ALLOW_POST)
        if self._files:
            check_places(self._endpoint.execution.schema, operation, self._files)
