"""CORS: which web pages of other origins a browser lets use this server."""

from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from transport.origins import AllowedOrigins

ALLOWED_HEADERS: Final = (
    "Apollo-Require-Preflight",
    "Apollographql-Client-Name",
    "Apollographql-Client-Version",
    "Authorization",
    "Baggage",
    "Cache-Control",
    "GraphQL-Require-Preflight",
    "Last-Event-ID",
    "Traceparent",
    "Tracestate",
    "X-Apollo-Operation-Id",
    "X-Apollo-Operation-Name",
    "X-Requested-With",
)
"""What GraphQL clients and tracing send, beside what is always allowed (Accept, Content-Type, …)."""

PREFLIGHT_SECONDS: Final = 600


class CorsMiddleware(CORSMiddleware):
    """Starlette's middleware with the rule of `transport.origins`.

    A page of the server itself needs no permission, and gets none. With `credentials` browsers send cookies and the
    like along; a token in the Authorization header needs no such thing.
    """

    def __init__(self, app: ASGIApp, origins: AllowedOrigins, *, credentials: bool = False) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "POST"),
            allow_headers=ALLOWED_HEADERS,
            allow_credentials=credentials,
            allow_private_network=True,  # whose page may use a server may do so in its network
            expose_headers=("Retry-After",),
            max_age=PREFLIGHT_SECONDS,
        )
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or have the answer say who may read it."""
        if scope["type"] == "http" and scope["method"] == "POST" and not has_origin(scope):
            # A program. Its answer is never stored, so that nobody has to know what it would vary by.
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether pages of another origin may use the server."""
        return self._origins.allows(origin, None)


def has_origin(scope: Scope) -> bool:
    """Whether a request comes from a web page."""
    return any(name == b"origin" for name, _ in scope["headers"])
