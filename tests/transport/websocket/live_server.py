"""WebSocket server on a real socket, and clients: a correct one, and raw bytes."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.live_server import run_app
from tests.polling import TIMEOUT_SECONDS, wait_until
from tests.transport.subscriptions.fake_source import Caller, FakeLog
from tests.transport.subscriptions.stream_server import StreamServer
from transport import Access, Anonymous, Client, TransportSettings
from transport.request import connection_params
from transport.subscriptions import StreamManager
from transport.websocket import WebSocketEndpoint

PROTOCOL = "graphql-transport-ws"

HELLO = {"query": "{hello}"}
SUBSCRIBE = {"query": "subscription Events($room: String, $after: String){event(room: $room, after: $after){number}}"}


@dataclass
class LiveServer:
    port: int
    log: FakeLog
    endpoint: WebSocketEndpoint
    streams: StreamManager
    app: uvicorn.Server
    context_error: Exception | None = None
    params: list[Mapping[str, Any]] = field(default_factory=list)

    def reset(self) -> None:
        vars(self.log).update(vars(FakeLog()))
        self.params, self.context_error = [], None

    async def wait_until_empty(self) -> None:
        await wait_until(lambda: not len(self.endpoint))
        assert not self.streams.subscriptions
        assert not len(self.streams.draining)

    @asynccontextmanager
    async def client(self, payload: Mapping[str, Any] | None = None) -> AsyncIterator["WebSocketClient"]:
        async with self.connect() as client:
            await client.send({"type": "connection_init", "payload": payload})
            assert await client.receive() == {"type": "connection_ack"}
            yield client

    @asynccontextmanager
    async def connect(self, *protocols: str, origin: str | None = None) -> AsyncIterator["WebSocketClient"]:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            async with connect(
                f"ws://127.0.0.1:{self.port}/graphql",
                subprotocols=[Subprotocol(name) for name in protocols or (PROTOCOL,)],
                origin=None if origin is None else Origin(origin),
                compression=None,
                ping_interval=None,
                max_size=None,
            ) as connection:
                yield WebSocketClient(connection)

    async def status(self, *, origin: str | None = None) -> int:
        try:
            async with self.connect(origin=origin):
                return 101
        except InvalidStatus as error:
            return error.response.status_code

    async def assert_serves(self) -> None:
        async with self.client() as client:
            assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}

    async def raw_connection(self, head: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head or HANDSHAKE)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        return reader, writer


HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)


class WebSocketClient:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: Any) -> None:
        text = message if isinstance(message, str | bytes) else orjson.dumps(message).decode()
        await self.connection.send(text)

    async def subscribe(self, payload: Any, id_: str = "1") -> None:
        await self.send({"id": id_, "type": "subscribe", "payload": payload})

    async def receive(self) -> Any:
        while True:
            message = orjson.loads(await self.connection.recv())
            if message != {"type": "ping"}:
                return message

    async def execute(self, query: str, id_: str = "ask") -> Any:
        await self.subscribe({"query": query}, id_)
        message = await self.receive()
        assert message["type"] == "next"
        assert await self.receive() == {"id": id_, "type": "complete"}
        return message["payload"]

    async def wait_closed(self) -> tuple[int, str]:
        with suppress(ConnectionClosed):
            while True:
                await self.connection.recv()
        end = self.connection.protocol.close_rcvd
        assert end is not None, "the server has closed without a word"
        return end.code, end.reason


@asynccontextmanager
async def live_server(settings: TransportSettings | None = None, **options: Any) -> AsyncIterator[LiveServer]:
    """Serve WebSockets on a fake log, with `options` of uvicorn."""
    log = FakeLog()
    chosen = settings or TransportSettings()
    streams = StreamServer(log, chosen).streams

    async def authenticate(connection: HTTPConnection) -> Client:
        server.params.append(connection_params(connection))
        if server.context_error is not None:
            raise server.context_error
        return Anonymous(connection_params(connection).get("name", "anybody"))

    @asynccontextmanager
    async def make_context(client: Client) -> AsyncIterator[Caller]:
        if server.context_error is not None:
            raise server.context_error
        yield Caller(client.id)

    endpoint = WebSocketEndpoint(streams, Access(make_context, authenticate), chosen)
    app = Starlette(routes=[WebSocketRoute("/graphql", endpoint)])
    async with run_app(app, **options) as (port, running):
        server = LiveServer(port, log, endpoint, streams, running)
        yield server


def reset_connection(writer: asyncio.StreamWriter) -> None:
    opened = writer.get_extra_info("socket")
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def encode_frame(opcode: int, data: bytes = b"", *, first: int = 0x80, masked: bool = True) -> bytes:
    mask = b"\0\0\0\0" if masked else b""
    length, bit = len(data), 0x80 if masked else 0
    if length < 126:
        return bytes((first | opcode, bit | length)) + mask + data
    return bytes((first | opcode, bit | 127)) + length.to_bytes(8, "big") + mask + data


def text_frame(message: Any) -> bytes:
    return encode_frame(1, orjson.dumps(message))
