"""Copies of the listener: many connections are accepted per tick of the event loop."""

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
    assert scope["type"] == "lifespan"
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


async def ticks_until_all_accepted() -> int:
    """Count the ticks in which a server accepts all clients, which connect at once."""
    with listen("127.0.0.1", 0) as listener, ExitStack() as connections:
        started = asyncio.Event()
        server = Server(uvicorn.Config(app, **uvicorn_options()), started.set)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await started.wait()
        for _ in range(CLIENTS):
            connections.enter_context(socket.create_connection(listener.getsockname()))
        ticks = 0
        while len(server.server_state.connections) < CLIENTS:
            ticks += 1
            await asyncio.sleep(0)
        server.should_exit = True
        connections.close()
        await wait_until(lambda: not server.server_state.connections)
        await serving
    return ticks


def test_many_connections_are_accepted_in_few_ticks() -> None:
    assert uvloop.run(ticks_until_all_accepted()) < CLIENTS // 8
