"""Middleware of a route for some clients only."""

from collections.abc import Callable
from typing import Any

import structlog
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from transport.client_address import client_address
from transport.errors import RequestError
from transport.http.endpoint import GraphQLEndpoint
from transport.http.responses import send_errors
from transport.results import to_request_error

log = structlog.get_logger(__name__)


class RestrictedMiddleware:
    """Serves the clients of a GraphQL endpoint that `check` accepts: `Route(…, middleware=[Middleware(…)])`.

    `check` is called with the client; an exception with the code FORBIDDEN in its `extensions` becomes 403.
    Wrong credentials count against their address, as at the endpoint.
    """

    def __init__(self, app: ASGIApp, endpoint: GraphQLEndpoint, check: Callable[[Any], object]) -> None:
        self._app = app
        self._endpoint = endpoint
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._check_client(scope)
        except RequestError as error:
            if error.logged:
                log.info("request refused", reason="access", status=error.status)
            return await send_errors(send, error, error.headers)
        return await self._app(scope, receive, send)

    async def _check_client(self, scope: Scope) -> None:
        execution = self._endpoint.execution
        limits, address = execution.rate_limits, client_address(scope, self._endpoint.settings.trusted_proxies)
        if (quota := limits.of_address(address)) is not None:
            quota.check()
        try:
            client = await execution.authenticate(self._endpoint.access.authenticate(HTTPConnection(scope)))
        except RequestError as error:
            limits.charge_refusal(address, error)
            raise
        try:
            self._check(client)
        except Exception as error:  # foreign code: it may raise anything
            raise to_request_error(error, execution.masker) from error
