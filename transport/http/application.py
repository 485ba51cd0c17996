"""The application: Starlette's, behind the rules that hold for every HTTP request."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transport.clients import AdmitsOrigin, admit_no_other
from transport.errors import RequestError
from transport.http.cors import Cors
from transport.http.endpoint import GraphQLEndpoint
from transport.http.headers import request_headers
from transport.http.host_check import check_host
from transport.http.request_body import CONNECTION_CLOSE
from transport.http.responses import send_errors, with_security_headers
from transport.settings import TransportSettings

log = structlog.get_logger(__name__)


class Application(Starlette):
    """A Starlette application with the Host check, CORS and security headers, whatever the route.

    A request to a `GraphQLEndpoint` skips Starlette's own middleware and routing, which take as long as a short
    operation: the endpoint answers every method, and masks its exceptions itself.
    """

    def __init__(
        self,
        settings: TransportSettings,
        routes: Sequence[BaseRoute],
        admits_origin: AdmitsOrigin = admit_no_other,
        lifespan: Callable[[Any], AbstractAsyncContextManager[None]] | None = None,
    ) -> None:
        super().__init__(routes=routes, lifespan=lifespan)
        self._hosts = settings.served_hosts
        self._cors = Cors(self._respond, settings.origins, admits_origin, credentials=settings.cors_credentials)
        self._endpoints: dict[str, ASGIApp] = {
            route.path: route.app
            for route in routes
            if isinstance(route, Route) and isinstance(route.app, GraphQLEndpoint) and not route.methods
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the WebSocket endpoint checks Host and Origin itself: its refusals differ
            return await super().__call__(scope, receive, send)
        headers = request_headers(scope)
        try:
            check_host(headers, self._hosts)
        except RequestError as error:
            log.info("request refused", reason="host", status=error.status)
            return await send_errors(send, error, CONNECTION_CLOSE)
        if scope["method"] == "POST" and b"origin" not in headers:
            # No browser, and a response that is never stored: `Vary: Origin` would be for nothing.
            return await self._respond(scope, receive, send)
        return await self._cors(scope, receive, secured(send))

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get(scope["path"])
        if endpoint is None:
            return await super().__call__(scope, receive, secured(send))
        scope["app"] = self
        return await endpoint(scope, receive, send)


def secured(send: Send) -> Send:
    """Return `send` with `SECURITY_HEADERS` in the response, where it has none of the same name."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = with_security_headers(message.get("headers", ()))
        await send(message)

    return send_with_headers
