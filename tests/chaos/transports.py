"""A subscription over each of the transports, with nothing between it and the bytes but a parser."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import urlencode

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from bench.load_generator import HOST
from tests.chaos.requests import Wish, item_of

LOST: Final = (OSError, EOFError, ConnectionClosed, InvalidHandshake)
"""How a connection ends that is cut, or whose server is gone."""


class Line(Protocol):
    """A connection with one subscription."""

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """The items, until the connection is lost (see `LOST`)."""

    def cut(self) -> None:
        """Break the connection off: what is on the way is lost."""


WINDOW: Final = 8 * 1024
"""Bytes on the way to a client that does not read."""

Dial: TypeAlias = Callable[[int, Wish, str | None], AbstractAsyncContextManager[Line]]
"""A connection to the server on a port, with a wish, to go on behind a cursor."""


async def _socket(port: int) -> socket.socket:
    opened = socket.socket()
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, (HOST, port))
    except BaseException:
        opened.close()
        raise
    return opened


def _refused(errors: Any) -> Exception:
    """What it means that a subscription has not begun: that the server stops, and nothing else."""
    assert [error["extensions"]["code"] for error in errors] == ["SERVICE_UNAVAILABLE"], errors
    return ConnectionError("the server stops")


class SocketLine:
    """graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            match orjson.loads(await self._connection.recv()):
                case {"type": "next", "id": "1", "payload": payload}:
                    yield item_of(payload)
                case {"type": "ping"}:
                    await self._connection.send('{"type":"pong"}')
                case {"type": "connection_ack"}:
                    pass
                case {"type": "error", "payload": errors}:
                    raise _refused(errors)
                case other:
                    raise AssertionError(other)

    def cut(self) -> None:
        self._connection.transport.abort()


@asynccontextmanager
async def websocket(port: int, wish: Wish, after: str | None) -> AsyncIterator[Line]:
    """A WebSocket of its own; left politely, it sends `complete` and says goodbye."""
    url, protocol = f"ws://{HOST}:{port}/graphql", Subprotocol("graphql-transport-ws")
    opened = await _socket(port)
    async with connect(
        url, sock=opened, subprotocols=[protocol], compression=None, ping_interval=None, close_timeout=1, max_queue=4
    ) as connection:
        asked = orjson.dumps({"type": "subscribe", "id": "1", "payload": wish.body(after)})
        for message in ('{"type":"connection_init"}', asked.decode()):
            await connection.send(message)
        yield SocketLine(connection)


class HttpLine:
    """A response that does not end, in parts."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, separator: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self._separator = separator

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        waiting = b""
        while True:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            waiting += (await self._reader.readexactly(size + 2))[:-2]
            *parts, waiting = waiting.split(self._separator)
            for part in parts:
                if (item := self._read(part)) is not None:
                    yield item
            if not size:
                raise EOFError

    def cut(self) -> None:
        self._writer.transport.abort()

    def _read(self, part: bytes) -> dict[str, Any] | None:
        """What a part tells; null for a heartbeat, and for the word with which the server ends the stream."""
        raise NotImplementedError


class EventLine(HttpLine):
    """graphql-sse."""

    def _read(self, part: bytes) -> dict[str, Any] | None:
        lines = [line.partition(b": ") for line in part.split(b"\n") if line and not line.startswith(b":")]
        fields = {name: value for name, _, value in lines}
        if b"event" not in fields:
            return self._noted(fields[b"id"].decode()) if b"id" in fields else None
        assert fields[b"event"] == b"next", fields
        item = item_of(orjson.loads(fields[b"data"]))
        assert fields[b"id"].decode() == item["cursor"]
        return item

    def _noted(self, id_: str) -> dict[str, Any] | None:  # noqa: ARG002 - of an event without data, which nobody is told of
        return None


class EventSourceLine(EventLine):
    """The browser's EventSource, which comes back with the last id, were it of an event without data."""

    def _noted(self, id_: str) -> dict[str, Any] | None:
        return {"__typename": "Noted", "cursor": id_}


class PartLine(HttpLine):
    """Apollo's multipart subscriptions."""

    def _read(self, part: bytes) -> dict[str, Any] | None:
        told = orjson.loads(part.partition(b"\r\n\r\n")[2] or b"{}")
        if "errors" in told:
            raise _refused(told["errors"])
        return item_of(told["payload"]) if told else None


@asynccontextmanager
async def _http(port: int, request: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(sock=await _socket(port))
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise _refused(orjson.loads(await reader.read())["errors"])
        yield reader, writer
    finally:
        writer.close()


def _request(port: int, accept: str, *, after: str = "", body: Mapping[str, Any]) -> bytes:
    if after:  # as a browser asks, which comes back by itself: with the id of the last event, and no other body
        query = urlencode({"query": body["query"], "variables": orjson.dumps(body["variables"]).decode()})
        line, sent, more = f"GET /graphql?{query}", b"", f"Last-Event-ID: {after}\r\n"
    else:
        line, sent = "POST /graphql", orjson.dumps(body)
        more = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
    return f"{line} HTTP/1.1\r\nHost: {HOST}:{port}\r\nAccept: {accept}\r\n{more}\r\n".encode() + sent


@asynccontextmanager
async def events(port: int, wish: Wish, after: str | None) -> AsyncIterator[Line]:
    """Server-sent events by POST; it goes on by the argument."""
    async with _http(port, _request(port, "text/event-stream", body=wish.body(after))) as (reader, writer):
        yield EventLine(reader, writer, b"\n\n")


@asynccontextmanager
async def event_source(port: int, wish: Wish, after: str | None) -> AsyncIterator[Line]:
    """Server-sent events; it goes on as the browser's EventSource does."""
    request = _request(port, "text/event-stream", body=wish.body(None), after=after or "")
    async with _http(port, request) as (reader, writer):
        yield EventSourceLine(reader, writer, b"\n\n")


@asynccontextmanager
async def multipart(port: int, wish: Wish, after: str | None) -> AsyncIterator[Line]:
    """A multipart response."""
    accept = 'multipart/mixed;subscriptionSpec="1.0"'
    async with _http(port, _request(port, accept, body=wish.body(after))) as (reader, writer):
        yield PartLine(reader, writer, b"\r\n--graphql")


DIALS: Final[tuple[Dial, ...]] = (websocket, events, websocket, event_source, websocket, multipart)
"""All of them; most dashboards come by WebSocket."""
