"""A crowd gets in by many doors, so that nobody who only asks something has to queue behind it for long."""

import asyncio
import socket
from contextlib import ExitStack

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from tests.polling import wait_until
from transport.server.server import Server, listen, uvicorn_options

CLIENTS = 128


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Starts, and stops."""
    assert scope["type"] == "lifespan"
    for word in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{word}.complete"})


async def ticks_until_all_accepted() -> int:
    """How many turns of its event loop a server needs to let the crowd in, that comes all at once."""
    with listen("127.0.0.1", 0) as listening, ExitStack() as connections:
        started = asyncio.Event()
        server = Server(uvicorn.Config(app, **uvicorn_options()), started.set)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await started.wait()
        for _ in range(CLIENTS):
            connections.enter_context(socket.create_connection(listening.getsockname()))
        ticks = 0
        while len(server.server_state.connections) < CLIENTS:
            ticks += 1
            await asyncio.sleep(0)
        server.should_exit = True
        connections.close()
        await wait_until(lambda: not server.server_state.connections)
        await serving
    return ticks


def test_a_crowd_is_in_after_a_few_turns() -> None:
    assert uvloop.run(ticks_until_all_accepted()) < CLIENTS // 8
