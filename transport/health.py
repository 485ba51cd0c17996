"""Health probes: `/livez` while the process answers, `/readyz` while the application can serve."""

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


def health_routes(is_ready: Callable[[HTTPConnection], Awaitable[bool]]) -> list[Route]:
    """Return the routes of both probes. `/readyz` answers 503 unless `is_ready`."""

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        ready = await is_ready(request)
        return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)

    return [Route("/livez", livez), Route("/readyz", readyz)]
