"""The whole server on a real socket, and a client that sends bytes."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import orjson
import uvicorn
from starlette.applications import Starlette

from tests.polling import TIMEOUT_SECONDS
from transport.server import server as transport_server


class RawResponse(NamedTuple):
    """What came back before the connection closed."""

    status: int
    head: bytes
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return orjson.loads(self.body)

    @property
    def codes(self) -> set[str]:
        """The codes of its errors and of the problems in its data."""
        found = {error["extensions"]["code"] for error in self.json.get("errors", [])}
        stack: list[Any] = [self.json.get("data")]
        while stack:
            value = stack.pop()
            if isinstance(value, dict):
                found |= {problem["code"] for problem in value.get("problems", [])}
                stack.extend(value.values())
            elif isinstance(value, list):
                stack.extend(value)
        return found


@asynccontextmanager
async def serve_app(app: Starlette) -> AsyncIterator[int]:
    """The application, whose lifespan somebody else keeps, on a free port."""
    options = transport_server.uvicorn_options() | {"lifespan": "off", "log_config": None, "log_level": "debug"}
    server = uvicorn.Server(uvicorn.Config(app, **options))
    # It listens from here on: who connects before the server has started waits in the queue.
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def send_raw(port: int, data: bytes) -> RawResponse:
    """The answer to some bytes; the server must close the connection."""
    return await asyncio.to_thread(_send_blocking, port, data)


def _send_blocking(port: int, data: bytes) -> RawResponse:
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        # A server that has seen enough answers and closes; its answer is there to read all the same.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(data)
        received = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    return RawResponse(int(head.split(b" ", 2)[1]) if head else 0, head, body)
