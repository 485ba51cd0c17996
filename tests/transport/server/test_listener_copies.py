"""A crowd gets in by many doors, so that nobody who only asks something has to queue behind it for long."""

import asyncio
import socket
from contextlib import ExitStack

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from tests.polling import until
from transport.server.server import Nothing, Server, listen, options

CROWD = 128


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Starts, and stops."""
    assert scope["type"] == "lifespan"
    for word in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{word}.complete"})


async def turns_until_all_are_in() -> int:
    """How many turns of its event loop a server needs to let the crowd in, that comes all at once."""
    with listen("127.0.0.1", 0) as listening, ExitStack() as crowd:
        begun = asyncio.Event()
        server = Server(uvicorn.Config(app, **options()), begun.set, Nothing())
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await begun.wait()
        for _ in range(CROWD):
            crowd.enter_context(socket.create_connection(listening.getsockname()))
        turns = 0
        while len(server.server_state.connections) < CROWD:
            turns += 1
            await asyncio.sleep(0)
        server.should_exit = True
        crowd.close()
        await until(lambda: not server.server_state.connections)
        await serving
    return turns


def test_a_crowd_is_in_after_a_few_turns() -> None:
    assert uvloop.run(turns_until_all_are_in()) < CROWD // 8
