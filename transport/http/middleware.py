"""What stands before all routes."""

from starlette.middleware import Middleware

from transport.http.cors import Cors
from transport.http.host_check import Hosts
from transport.settings import TransportSettings


def middleware(settings: TransportSettings) -> list[Middleware]:
    """For Starlette, the outermost first: `Starlette(routes=…, middleware=middleware(settings))`."""
    return [
        Middleware(Hosts, settings.allowed_hosts),
        Middleware(Cors, settings.origins, credentials=settings.cors_credentials),
    ]
