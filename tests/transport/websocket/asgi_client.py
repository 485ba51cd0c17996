"""WebSocket client over ASGI, without a socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from starlette.types import Message

from tests.polling import TIMEOUT_SECONDS, wait_until
from tests.transport.subscriptions.fake_source import Caller
from tests.transport.subscriptions.stream_server import StreamServer
from transport import Access, Client, TransportSettings
from transport.websocket import WebSocketEndpoint


class AsgiWebSocket:
    def __init__(self, server: StreamServer, held_type: str = "next") -> None:
        self.server = server
        self.held_type = held_type
        self.held = asyncio.Event()
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.reading.set()
        self.sent_types: list[str] = []
        self.closed: Message | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        @asynccontextmanager
        async def make_context(_client: Client) -> AsyncIterator[Caller]:
            yield Caller()

        endpoint = WebSocketEndpoint(self.server.streams, Access(make_context), TransportSettings())
        headers = [(b"host", b"localhost")]
        scope = {"type": "websocket", "headers": headers, "subprotocols": ["graphql-transport-ws"]}
        self.incoming.put_nowait({"type": "websocket.connect"})
        async with asyncio.timeout(TIMEOUT_SECONDS), asyncio.TaskGroup() as tasks:
            tasks.create_task(endpoint(scope, self.incoming.get, self._send))
            yield

    async def subscribe(self, payload: dict[str, str]) -> None:
        self.send({"type": "connection_init"})
        await wait_until(lambda: "connection_ack" in self.sent_types)
        self.send({"id": "1", "type": "subscribe", "payload": payload})

    def send(self, message: Message) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

    async def _send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            self.closed = message
        elif message["type"] == "websocket.send":
            sent_types = orjson.loads(message["text"])["type"]
            if sent_types == self.held_type:
                self.held.set()
                await self.reading.wait()
            elif sent_types == "ping":
                self.send({"type": "pong"})
            self.sent_types.append(sent_types)
