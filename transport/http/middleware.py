"""What stands before all routes."""

from starlette.middleware import Middleware

from transport.http.cors import CorsMiddleware
from transport.http.host_check import HostMiddleware
from transport.settings import TransportSettings


def middleware(settings: TransportSettings) -> list[Middleware]:
    """For Starlette, the outermost first: `Starlette(routes=…, middleware=middleware(settings))`."""
    return [
        Middleware(HostMiddleware, settings.served_hosts),
        Middleware(CorsMiddleware, settings.origins, credentials=settings.cors_credentials),
    ]
