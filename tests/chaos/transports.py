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
from tests.chaos.requests import SubscriptionRequest, item_from_result

CONNECTION_ERRORS: Final = (OSError, EOFError, ConnectionClosed, InvalidHandshake)
"""How a connection ends that is cut, or whose server is gone."""


class SubscriptionStream(Protocol):
    """A connection with one subscription."""

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """The items, until the connection is lost (see `LOST`)."""

    def abort(self) -> None:
        """Break the connection off: what is on the way is lost."""


SOCKET_BUFFER_BYTES: Final = 8 * 1024
"""Bytes on the way to a client that does not read."""

Transport: TypeAlias = Callable[[int, SubscriptionRequest, str | None], AbstractAsyncContextManager[SubscriptionStream]]
"""A connection to the server on a port, with a wish, to go on behind a cursor."""


async def _open_socket(port: int) -> socket.socket:
    opened = socket.socket()
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, (HOST, port))
    except BaseException:
        opened.close()
        raise
    return opened


def _connection_error(errors: Any) -> Exception:
    """What it means that a subscription has not begun: that the server stops, and nothing else."""
    assert [error["extensions"]["code"] for error in errors] == ["SERVICE_UNAVAILABLE"], errors
    return ConnectionError("the server stops")


class WebSocketStream:
    """graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            match orjson.loads(await self._connection.recv()):
                case {"type": "next", "id": "1", "payload": payload}:
                    yield item_from_result(payload)
                case {"type": "ping"}:
                    await self._connection.send('{"type":"pong"}')
                case {"type": "connection_ack"}:
                    pass
                case {"type": "error", "payload": errors}:
                    raise _connection_error(errors)
                case other:
                    raise AssertionError(other)

    def abort(self) -> None:
        self._connection.transport.abort()


@asynccontextmanager
async def websocket(port: int, request: SubscriptionRequest, after: str | None) -> AsyncIterator[SubscriptionStream]:
    """A WebSocket of its own; left politely, it sends `complete` and says goodbye."""
    url, protocol = f"ws://{HOST}:{port}/graphql", Subprotocol("graphql-transport-ws")
    opened = await _open_socket(port)
    async with connect(
        url, sock=opened, subprotocols=[protocol], compression=None, ping_interval=None, close_timeout=1, max_queue=4
    ) as connection:
        subscribe = orjson.dumps({"type": "subscribe", "id": "1", "payload": request.body(after)})
        for message in ('{"type":"connection_init"}', subscribe.decode()):
            await connection.send(message)
        yield WebSocketStream(connection)


class HttpStream:
    """A response that does not end, in parts."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, separator: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self._separator = separator

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        buffer = b""
        while True:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            buffer += (await self._reader.readexactly(size + 2))[:-2]
            *parts, buffer = buffer.split(self._separator)
            for part in parts:
                if (item := self._parse(part)) is not None:
                    yield item
            if not size:
                raise EOFError

    def abort(self) -> None:
        self._writer.transport.abort()

    def _parse(self, part: bytes) -> dict[str, Any] | None:
        """What a part tells; null for a heartbeat, and for the word with which the server ends the stream."""
        raise NotImplementedError


class SseStream(HttpStream):
    """graphql-sse."""

    def _parse(self, part: bytes) -> dict[str, Any] | None:
        lines = [line.partition(b": ") for line in part.split(b"\n") if line and not line.startswith(b":")]
        fields = {name: value for name, _, value in lines}
        if b"event" not in fields:
            return self._id_only_event(fields[b"id"].decode()) if b"id" in fields else None
        assert fields[b"event"] == b"next", fields
        item = item_from_result(orjson.loads(fields[b"data"]))
        assert fields[b"id"].decode() == item["cursor"]
        return item

    def _id_only_event(self, id_: str) -> dict[str, Any] | None:  # noqa: ARG002 - of an event without data, which nobody is told of
        return None


class EventSourceStream(SseStream):
    """The browser's EventSource, which comes back with the last id, were it of an event without data."""

    def _id_only_event(self, id_: str) -> dict[str, Any] | None:
        return {"__typename": "Noted", "cursor": id_}


class MultipartStream(HttpStream):
    """Apollo's multipart subscriptions."""

    def _parse(self, part: bytes) -> dict[str, Any] | None:
        body = orjson.loads(part.partition(b"\r\n\r\n")[2] or b"{}")
        if "errors" in body:
            raise _connection_error(body["errors"])
        return item_from_result(body["payload"]) if body else None


@asynccontextmanager
async def _http(port: int, request: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(sock=await _open_socket(port))
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise _connection_error(orjson.loads(await reader.read())["errors"])
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
async def sse(port: int, request: SubscriptionRequest, after: str | None) -> AsyncIterator[SubscriptionStream]:
    """Server-sent events by POST; it goes on by the argument."""
    async with _http(port, _request(port, "text/event-stream", body=request.body(after))) as (reader, writer):
        yield SseStream(reader, writer, b"\n\n")


@asynccontextmanager
async def event_source(port: int, request: SubscriptionRequest, after: str | None) -> AsyncIterator[SubscriptionStream]:
    """Server-sent events; it goes on as the browser's EventSource does."""
    raw_request = _request(port, "text/event-stream", body=request.body(None), after=after or "")
    async with _http(port, raw_request) as (reader, writer):
        yield EventSourceStream(reader, writer, b"\n\n")


@asynccontextmanager
async def multipart(port: int, request: SubscriptionRequest, after: str | None) -> AsyncIterator[SubscriptionStream]:
    """A multipart response."""
    accept = 'multipart/mixed;subscriptionSpec="1.0"'
    async with _http(port, _request(port, accept, body=request.body(after))) as (reader, writer):
        yield MultipartStream(reader, writer, b"\r\n--graphql")


TRANSPORTS: Final[tuple[Transport, ...]] = (websocket, sse, websocket, event_source, websocket, multipart)
"""All of them; most dashboards come by WebSocket."""
