"""The HTTP endpoint: an ASGI application that answers GraphQL by POST and GET, and shows a page to browsers."""

from contextlib import ExitStack
from math import inf
from time import perf_counter
from typing import Final

from graphql import GraphQLSchema
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from transport.asgi_extensions import abort_connection
from transport.client_address import client_address
from transport.clients import Access, Client
from transport.deadlines import DeadlineExpired
from transport.documents.operation import NOT_ACCEPTABLE
from transport.errors import Headers, RequestError, bad_request
from transport.execution import Execution
from transport.http.compression import compress
from transport.http.disconnect import ClientDisconnected, run_while_connected
from transport.http.headers import request_headers
from transport.http.negotiation import GRAPHQL_RESPONSE, JSON, negotiate
from transport.http.request_body import (
    CONNECTION_CLOSE,
    MULTIPART_FORM,
    BodyReader,
    check_preflight,
    content_type,
    read_body,
)
from transport.http.request_params import NO_QUERY, from_body, from_query_string
from transport.http.responses import Page, send_json, send_page
from transport.http.stream_response import StreamSent, send_stream, stream_options
from transport.http.uploads import read_multipart
from transport.metrics import Metrics
from transport.rate_limits import BASE_COST, Quota, RateLimited
from transport.request import OperationCall, OperationRequest
from transport.results import OperationResult, access_ended_error, from_request_error, shutdown_error
from transport.settings import TransportSettings
from transport.subscriptions import StreamManager

ALLOW_GET_POST: Final = (("allow", "GET, POST"),)


class GraphQLEndpoint:
    """GraphQL over HTTP for one schema, as a Starlette route: `Route("/graphql", GraphQLEndpoint(…))`.

    `access.authenticate` is called once for each request, before its files are read and its document is parsed.
    `access.make_context` is called for the operation, with the client. What it returns is entered for the operation's
    context, and left when the operation has ended. An exception from either with a code in `extensions` becomes the
    response: UNAUTHENTICATED 401, FORBIDDEN 403, RATE_LIMITED 429, SERVICE_UNAVAILABLE 503 (with Retry-After:
    `retryAfter` seconds of the extensions, or 1). `page` is for browsers that send no query.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        access: Access,
        settings: TransportSettings | None = None,
        *,
        page: Page | None = None,
    ) -> None:
        self.settings = settings or TransportSettings()
        self.execution = Execution(schema, self.settings)
        self.streams = StreamManager(self.execution, self.settings.limits)
        self.access = access
        self.page = page
        self.metrics = self.execution.metrics
        self.admission = self.execution.admission
        self.admission.add_lag(
            "streams",
            "graphql_stream_lag_seconds",
            "Time until subscribers receive an event that happens now, in seconds.",
            self.streams.groups.turns.lag,
        )
        add_stream_gauges(self.metrics, self.streams)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = RequestHandler(self, scope, receive, send)
        try:
            await handler.run()
        except Exception as error:  # a fault of the server, or too little memory for this request
            await handler.fail(error)
        finally:
            handler.close()


def add_stream_gauges(metrics: Metrics, streams: StreamManager) -> None:
    metrics.add_gauge("graphql_subscriptions", "Open subscriptions.", lambda: len(streams.subscriptions))
    metrics.add_gauge(
        "graphql_subscription_groups", "Groups of subscriptions that share their results.", lambda: len(streams.groups)
    )
    metrics.add_gauge("graphql_queued_bytes", "Bytes queued for subscribers.", lambda: streams.queued_bytes)


class RequestHandler:
    """One request and its response.

    If Accept names a stream type, every operation goes through `StreamManager.open`, else through `Execution.run`.
    """

    def __init__(self, endpoint: GraphQLEndpoint, scope: Scope, receive: Receive, send: Send) -> None:
        self._endpoint = endpoint
        self._scope = scope
        self._headers = request_headers(scope)
        self._receive = receive
        self._send = send
        self._files: ExitStack | None = None
        """Uploaded files; None without."""
        self._is_get = scope["method"] == "GET"
        self._types = negotiate(self._headers.joined(b"accept"), is_get=self._is_get)
        self._started = perf_counter()
        self._ticket: float | None = None
        self._client: Client | None = None
        """None until it is authenticated."""
        self._address = client_address(scope, endpoint.settings.trusted_proxies)
        self._quota: Quota | None = endpoint.execution.rate_limits.of_address(self._address)
        """Of the address, until the client is authenticated; None: unlimited, or not used lately."""
        self._call: OperationCall | None = None
        self._responding = False

    async def run(self) -> None:
        """Read the request, execute its operation, send the result, and log the outcome."""
        try:
            if self._quota is not None:
                self._quota.check()
            request = await self._read_request()
            if request is None and self._endpoint.page and self._is_get and self._types.prefers_html:
                return await send_page(self._send, self._endpoint.page)
            result = await self._execute(request)
        except RequestError as error:
            self._charge_refusal(error)
            result = from_request_error(error)
        except ClientDisconnected:
            return self._record("gone", None)
        if isinstance(result, StreamSent):
            return self._record(result.outcome, 200)
        return await self._send_result(result)

    def close(self) -> None:
        if self._files is not None:
            self._files.close()

    async def fail(self, error: Exception) -> None:
        """Send a masked error; once a response has begun, only a cut connection shows that it is not whole."""
        masked = RequestError([self._endpoint.execution.masker.mask(error)], headers=CONNECTION_CLOSE)
        result = from_request_error(masked)
        if self._responding:
            abort_connection(self._scope)
            return self._record(result.error_codes, None)
        return await self._send_result(result)

    async def _read_request(self) -> OperationRequest | None:
        settings = self._endpoint.settings
        if self._is_get:
            request = from_query_string(self._scope["query_string"], settings.limits)
            if request is not None:
                await self._authenticate()
            return request
        if self._scope["method"] != "POST":
            raise bad_request("Send operations by POST, queries also by GET.", status=405, headers=ALLOW_GET_POST)
        media_type = content_type(self._headers, allow_multipart=settings.uploads)
        reader = BodyReader(self._receive, settings.limits, self._endpoint.execution.deadlines)
        if media_type == MULTIPART_FORM:
            # JSON needs no such header: browsers send it to other origins only after a preflight.
            if settings.csrf_prevention:
                check_preflight(self._headers)
            self._check_admission(CONNECTION_CLOSE)
            client = await self._authenticate(CONNECTION_CLOSE)
            return await self._read_multipart(reader, client)
        # A small body is here already, and the connection remains usable when it has been read.
        body = await read_body(self._headers, reader, settings.limits)
        self._check_admission()
        await self._authenticate()
        return from_body(body, settings.limits)

    async def _read_multipart(self, reader: BodyReader, client: Client) -> OperationRequest:
        """Read a body that may take minutes, as long as the client's access lasts."""
        deadlines = self._endpoint.execution.deadlines
        self._files = ExitStack()
        form = read_multipart(self._headers, reader, self._endpoint.settings.limits, self._files)
        try:
            return await deadlines.run(form, inf, client)
        except DeadlineExpired:
            raise (shutdown_error() if deadlines.all_expired else access_ended_error(CONNECTION_CLOSE)) from None

    async def _authenticate(self, headers: Headers = ()) -> Client:
        endpoint = self._endpoint
        try:
            client = endpoint.access.authenticate(HTTPConnection(self._scope))
            self._client = await endpoint.execution.authenticate(client)
            self._quota = endpoint.execution.rate_limits.of_client(endpoint.access, self._client, self._address)
            if self._quota is not None:
                self._quota.check()
        except RequestError as error:
            error.headers += headers
            raise
        return self._client

    def _charge_refusal(self, error: RequestError) -> None:
        if self._client is None:
            self._endpoint.execution.rate_limits.charge_refusal(self._address, error)
        elif self._quota is not None and not isinstance(error, RateLimited):
            self._quota.charge(BASE_COST)  # for what could not be read

    def _check_admission(self, headers: Headers = ()) -> None:
        if self._endpoint.admission.is_refusing:
            self._ticket = self._endpoint.admission.check_any(headers)

    async def _execute(self, request: OperationRequest | None) -> OperationResult | StreamSent:
        endpoint, types = self._endpoint, self._types
        # Before the operation runs: its result could not be sent.
        if types.json is None and not types.accepts_streams:
            raise bad_request(NOT_ACCEPTABLE, status=406)
        if request is None:
            raise bad_request(NO_QUERY)
        assert self._client is not None, "a request without a client has been refused"
        self._call = OperationCall(
            request,
            self._client,
            endpoint.access,
            types.delivery,
            self._quota,
            self._address,
            self._ticket,
        )
        work = self._stream(self._call) if types.accepts_streams else endpoint.execution.run(self._call)
        return await run_while_connected(self._receive, work)

    async def _stream(self, call: OperationCall) -> OperationResult | StreamSent:
        options = stream_options(self._scope, self._types, self._endpoint.settings.limits)
        response = await self._endpoint.streams.open(call, options)
        self._responding = response.kind != "single"
        return await send_stream(self._scope, self._send, response, self._types, self._quota_headers)

    async def _send_result(self, result: OperationResult) -> None:
        endpoint = self._endpoint
        result, body = endpoint.execution.encode(result)
        status = result.status if self._types.json == GRAPHQL_RESPONSE else result.legacy_status
        headers = result.headers + self._quota_headers
        if 0 < endpoint.settings.gzip_bytes <= len(body):
            body, encoding = await compress(self._headers.joined(b"accept-encoding"), body)
            headers += encoding
        # A client of a server that stops should connect to another one for its next request.
        if endpoint.streams.draining.started and CONNECTION_CLOSE[0] not in headers:
            headers += CONNECTION_CLOSE
        self._record(result.error_codes if "errors" in result.body else "ok", status, logged=result.logged)
        self._responding = True
        await send_json(self._send, status, self._types.json or JSON, body, headers)

    @property
    def _quota_headers(self) -> Headers:
        return () if self._quota is None else self._quota.headers()

    def _record(self, outcome: str | list[str], status: int | None, *, logged: bool = True) -> None:
        operation = self._call.operation if self._call else None
        seconds = perf_counter() - self._started
        self._endpoint.execution.record(operation, outcome, status=status, seconds=seconds, logged=logged)
