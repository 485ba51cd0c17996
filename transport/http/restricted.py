"""Middleware of a route for some clients only."""

from collections.abc import Callable
from typing import Any

import orjson
import structlog
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from transport.clients import Client
from transport.errors import RequestError
from transport.http.endpoint import GraphQLEndpoint
from transport.http.negotiation import JSON
from transport.http.responses import send_json

log = structlog.get_logger(__name__)


class RestrictedMiddleware:
    """Serves the clients of a GraphQL endpoint that `check` accepts: `Route(…, middleware=[Middleware(…)])`.

    `check` is called with the client; an exception with the code FORBIDDEN in its `extensions` becomes 403.
    """

    def __init__(self, app: ASGIApp, endpoint: GraphQLEndpoint, check: Callable[[Any], object]) -> None:
        self._app = app
        self._endpoint = endpoint
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._endpoint.execution.authenticate(self._authenticate(scope))
        except RequestError as error:
            log.info("request refused", reason="access", status=error.status)
            body = orjson.dumps({"errors": error.errors})
            return await send_json(send, error.status, JSON, body, error.headers)
        return await self._app(scope, receive, send)

    async def _authenticate(self, scope: Scope) -> Client:
        client = await self._endpoint.access.authenticate(HTTPConnection(scope))
        self._check(client)
        return client
