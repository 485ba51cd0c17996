"""A client without a socket: it speaks ASGI."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from starlette.requests import HTTPConnection
from starlette.types import Message

from tests.polling import PATIENCE, until
from tests.transport.subscriptions.fake_source import Caller
from tests.transport.subscriptions.stream_server import Server
from transport import TransportSettings
from transport.websocket import WebSocketEndpoint


class AsgiCaller:
    """A client without a socket, which may stop reading results, or pings, while it answers."""

    def __init__(self, server: Server, slow_to: str = "next") -> None:
        self.server = server
        self.slow_to = slow_to
        self.held = asyncio.Event()
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.reading.set()
        self.said: list[str] = []
        self.closed: Message | None = None

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """The endpoint runs meanwhile, and ends by itself."""

        @asynccontextmanager
        async def make_context(_connection: HTTPConnection) -> AsyncIterator[Caller]:
            yield Caller()

        endpoint = WebSocketEndpoint(self.server.streams, make_context, TransportSettings())
        headers = [(b"host", b"localhost")]
        scope = {"type": "websocket", "headers": headers, "subprotocols": ["graphql-transport-ws"]}
        self.incoming.put_nowait({"type": "websocket.connect"})
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
            tasks.create_task(endpoint(scope, self.incoming.get, self._send))
            yield

    async def begin(self, payload: dict[str, str]) -> None:
        """Ask for an operation."""
        self.say({"type": "connection_init"})
        await until(lambda: "connection_ack" in self.said)
        self.say({"id": "1", "type": "subscribe", "payload": payload})

    def say(self, message: Message) -> None:
        """Send a message."""
        self.incoming.put_nowait({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

    async def _send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            self.closed = message
        elif message["type"] == "websocket.send":
            said = orjson.loads(message["text"])["type"]
            if said == self.slow_to:
                self.held.set()
                await self.reading.wait()
            elif said == "ping":
                self.say({"type": "pong"})
            self.said.append(said)
