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

from tests.polling import PATIENCE
from transport.server import server as transport_server


class Answer(NamedTuple):
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
        waiting: list[Any] = [self.json.get("data")]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                found |= {problem["code"] for problem in value.get("problems", [])}
                waiting.extend(value.values())
            elif isinstance(value, list):
                waiting.extend(value)
        return found


@asynccontextmanager
async def listening(app: Starlette) -> AsyncIterator[int]:
    """The application, whose lifespan somebody else keeps, on a free port."""
    options = transport_server.options() | {"lifespan": "off", "log_config": None, "log_level": "debug"}
    server = uvicorn.Server(uvicorn.Config(app, **options))
    # It listens from here on: who connects before the server has started waits in the queue.
    opened = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve(sockets=[opened]))
    try:
        yield opened.getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def sent(port: int, data: bytes) -> Answer:
    """The answer to some bytes; the server must close the connection."""
    return await asyncio.to_thread(_exchange, port, data)


def _exchange(port: int, data: bytes) -> Answer:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        # A server that has seen enough answers and closes; its answer is there to read all the same.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(data)
        answer = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                answer += piece
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    return Answer(int(head.split(b" ", 2)[1]) if head else 0, head, body)
