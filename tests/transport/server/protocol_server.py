"""A server in this process with an HTTP protocol class of the test's choice."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.polling import TIMEOUT_SECONDS
from transport.server.http_protocol import HttpProtocol
from transport.server.server import uvicorn_options


@asynccontextmanager
async def serve_protocol(app: ASGIApp, protocol: type[HttpProtocol]) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """Yields the port and the server."""
    server = uvicorn.Server(uvicorn.Config(app, **uvicorn_options() | {"http": protocol, "lifespan": "off"}))
    # The kernel queues connections from here on, so clients need not wait until the server has started.
    listener = socket.create_server(("127.0.0.1", 0))
    async with asyncio.timeout(TIMEOUT_SECONDS):
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1], server
        finally:
            server.should_exit = True
            await task
