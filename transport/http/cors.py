"""CORS: what pages of other origins may do."""

from collections.abc import Callable
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from transport.clients import AdmitsOrigin
from transport.http.headers import request_headers
from transport.origins import AllowedOrigins

# Headers of GraphQL clients and of tracing, beside the CORS-safelisted ones (Accept, Content-Type, …).
ALLOWED_HEADERS: Final = (
    *("Authorization", "Cache-Control", "Last-Event-ID", "X-Requested-With"),
    *("Apollo-Require-Preflight", "GraphQL-Require-Preflight", "X-Apollo-Operation-Id", "X-Apollo-Operation-Name"),
    *("Apollographql-Client-Name", "Apollographql-Client-Version", "Baggage", "Traceparent", "Tracestate"),
)

PREFLIGHT_SECONDS: Final = 600


class Cors:
    """CORS with the rule of `transport.origins`, and for pages of the origins that `admits_origin` adds.

    Pages of the server itself need no permission, and get none. `credentials` are cookies and the like; a token in the
    Authorization header does not need them, and pages that were added get none.
    """

    def __init__(
        self, app: ASGIApp, origins: AllowedOrigins, admits_origin: AdmitsOrigin, *, credentials: bool = False
    ) -> None:
        self._app = app
        self._origins = origins
        self._admits_origin = admits_origin
        self._by_settings = _Cors(app, lambda origin: origins.allows(origin, None), credentials=credentials)
        self._admitted = _Cors(app, lambda _origin: True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = request_headers(scope).values(b"origin")
        if len(sent) == 1 and not self._origins.allows(sent[0], None) and await self._admits_origin(sent[0]):
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
