"""The Host header, checked before anything else, on every route."""

import orjson
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from transport.errors import RequestError
from transport.http.headers import check_host
from transport.http.negotiation import JSON
from transport.http.request_body import CONNECTION_CLOSE
from transport.http.responses import send_json

log = structlog.get_logger(__name__)


class HostMiddleware:
    """ASGI middleware: a request whose Host is none of `allowed`, or malformed, is answered 400.

    See `transport.http.headers.check_host`. The endpoint for WebSockets looks itself: their refusals have another form.
    """

    def __init__(self, app: ASGIApp, allowed: tuple[str, ...]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or refuse it."""
        if scope["type"] == "http":
            try:
                check_host(scope, self._allowed)
            except RequestError as refusal:
                log.info("request refused", reason="host", status=refusal.status)
                body = orjson.dumps({"errors": refusal.errors})
                return await send_json(send, refusal.status, JSON, body, CONNECTION_CLOSE)
        return await self._app(scope, receive, send)
