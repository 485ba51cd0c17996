"""ASGI middleware that precedes all routes: security headers, the Host check and CORS."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import orjson
import structlog
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transport.clients import AdmitsOrigin, admit_no_other
from transport.errors import RequestError, bad_request
from transport.http.headers import header_values
from transport.http.negotiation import JSON
from transport.http.request_body import CONNECTION_CLOSE
from transport.http.responses import send_json
from transport.origins import AllowedOrigins
from transport.settings import TransportSettings

log = structlog.get_logger(__name__)

# `host [":" port]` of RFC 9110 §7.2.
HOST_PATTERN: Final = re.compile(r"(?P<name>[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?")

# Headers of GraphQL clients and of tracing, beside the CORS-safelisted ones (Accept, Content-Type, …).
ALLOWED_HEADERS: Final = (
    *("Authorization", "Cache-Control", "Last-Event-ID", "X-Requested-With"),
    *("Apollo-Require-Preflight", "GraphQL-Require-Preflight", "X-Apollo-Operation-Id", "X-Apollo-Operation-Name"),
    *("Apollographql-Client-Name", "Apollographql-Client-Version", "Baggage", "Traceparent", "Tracestate"),
)

PREFLIGHT_SECONDS: Final = 600

SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    # Of a response that is opened as a page; pages and files have their own.
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    # Pages of other origins read responses by CORS only.
    (b"cross-origin-resource-policy", b"same-origin"),
)


def middleware(settings: TransportSettings, admits_origin: AdmitsOrigin = admit_no_other) -> list[Middleware]:
    """Return the middleware for Starlette, the outermost first: `Starlette(…, middleware=middleware(settings))`."""
    return [
        Middleware(SecurityHeadersMiddleware),
        Middleware(HostMiddleware, settings.served_hosts),
        Middleware(CorsMiddleware, settings.origins, admits_origin, credentials=settings.cors_credentials),
    ]


class SecurityHeadersMiddleware:
    """Adds `SECURITY_HEADERS` to every HTTP response, where the response has none of the same name.

    Strict-Transport-Security is left to the proxy that terminates TLS: it holds for all services of a host.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                present = {name.lower() for name, _ in headers}
                message["headers"] = [*headers, *(each for each in SECURITY_HEADERS if each[0] not in present)]
            await send(message)

        return await self._app(scope, receive, send_with_headers)


class HostMiddleware:
    """Answers 400 to a request whose Host is malformed, or none of `allowed`.

    The WebSocket endpoint calls `check_host` itself: a refused handshake has another form.
    """

    def __init__(self, app: ASGIApp, allowed: tuple[str, ...]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                check_host(scope, self._allowed)
            except RequestError as error:
                log.info("request refused", reason="host", status=error.status)
                body = orjson.dumps({"errors": error.errors})
                return await send_json(send, error.status, JSON, body, CONNECTION_CLOSE)
        return await self._app(scope, receive, send)


def check_host(scope: Scope, allowed: tuple[str, ...]) -> None:
    """Raise RequestError if the Host is missing, repeated, malformed or not in `allowed` (empty: any).

    Only `allowed` protects from DNS rebinding, where the name of a foreign page suddenly resolves to this server.
    """
    hosts = header_values(scope, b"host")
    if len(hosts) != 1 or len(hosts[0]) > 300 or not is_allowed_host(hosts[0], allowed):
        raise bad_request("The Host header is missing, malformed, or not a name of this server.")


@lru_cache(maxsize=256)
def is_allowed_host(host: str, allowed: tuple[str, ...]) -> bool:
    match = HOST_PATTERN.fullmatch(host)
    if match is None:
        return False
    name = match["name"].lower().rstrip(".")
    return not allowed or any(matches_host_pattern(name, pattern) for pattern in allowed)


def matches_host_pattern(name: str, pattern: str) -> bool:
    """Return whether a host name equals the pattern, is a subdomain where that begins with `*.`, or it is `*`."""
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))


class CorsMiddleware:
    """CORS with the rule of `transport.origins`, and for pages of the origins that `admits_origin` adds.

    Pages of the server itself need no permission, and get none. `credentials` are cookies and the like; a token in the
    Authorization header does not need them, and pages that were added get none.
    """

    def __init__(
        self,
        app: ASGIApp,
        origins: AllowedOrigins,
        admits_origin: AdmitsOrigin = admit_no_other,
        *,
        credentials: bool = False,
    ) -> None:
        self._app = app
        self._origins = origins
        self._admits_origin = admits_origin
        self._by_settings = _Cors(app, lambda origin: origins.allows(origin, None), credentials=credentials)
        self._admitted = _Cors(app, lambda _origin: True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = header_values(scope, b"origin") if scope["type"] == "http" else []
        if scope["type"] == "http" and scope["method"] == "POST" and not sent:
            # No browser, and a response that is never stored: `Vary: Origin` would be for nothing.
            await self._app(scope, receive, send)
        elif len(sent) == 1 and not self._origins.allows(sent[0], None) and await self._admits_origin(sent[0]):
            await self._admitted(scope, receive, send)
        else:
            await self._by_settings(scope, receive, send)


class _Cors(CORSMiddleware):
    def __init__(self, app: ASGIApp, allows: Callable[[str], bool], *, credentials: bool = False) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "POST"),
            allow_headers=ALLOWED_HEADERS,
            allow_credentials=credentials,
            allow_private_network=True,  # an origin that may use the server may do so in its network
            expose_headers=("RateLimit", "RateLimit-Policy", "Retry-After"),
            max_age=PREFLIGHT_SECONDS,
        )
        self._allows = allows

    def is_allowed_origin(self, origin: str) -> bool:
        return self._allows(origin)
