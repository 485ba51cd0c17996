"""Raw subscription clients, one for each transport."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import urlencode

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from bench.load_generator import HOST
from tests.chaos.requests import SubscriptionRequest, item_from_result

CONNECTION_ERRORS: Final = (OSError, EOFError, ConnectionClosed, InvalidHandshake)
"""Raised by a stream whose connection is aborted or whose server is gone."""
SOCKET_BUFFER_BYTES: Final = 8 * 1024
"""Small, so that a client that does not read is soon behind."""

Item: TypeAlias = dict[str, Any]


class SubscriptionStream(Protocol):
    def __aiter__(self) -> AsyncIterator[Item]:
        """Iterate over items, until one of `CONNECTION_ERRORS`."""

    def abort(self) -> None:
        """Reset the connection; data in flight is lost."""


Transport: TypeAlias = Callable[[int, SubscriptionRequest, str | None], AbstractAsyncContextManager[SubscriptionStream]]
"""Connects to a port and subscribes, resuming from a cursor if there is one."""


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
    """Accept no error but that of a server that shuts down."""
    assert [error["extensions"]["code"] for error in errors] == ["SERVICE_UNAVAILABLE"], errors
    return ConnectionError("the server shuts down")


# ---- WebSocket ----


class WebSocketStream:
    """Client of graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[Item]:
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
    url, protocol = f"ws://{HOST}:{port}/graphql", Subprotocol("graphql-transport-ws")
    opened = await _open_socket(port)
    async with connect(
        url, sock=opened, subprotocols=[protocol], compression=None, ping_interval=None, close_timeout=1, max_queue=4
    ) as connection:
        subscribe = orjson.dumps({"type": "subscribe", "id": "1", "payload": request.body(after)})
        for message in ('{"type":"connection_init"}', subscribe.decode()):
            await connection.send(message)
        yield WebSocketStream(connection)


# ---- HTTP ----


class HttpStream:
    """Chunked response whose parts hold an item each."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        separator: bytes,
        parse: Callable[[bytes], Item | None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._separator = separator
        self._parse = parse

    async def __aiter__(self) -> AsyncIterator[Item]:
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


@asynccontextmanager
async def _http(
    port: int, request: bytes, separator: bytes, parse: Callable[[bytes], Item | None]
) -> AsyncIterator[HttpStream]:
    reader, writer = await asyncio.open_connection(sock=await _open_socket(port))
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise _connection_error(orjson.loads(await reader.read())["errors"])
        yield HttpStream(reader, writer, separator, parse)
    finally:
        writer.close()


def _post(port: int, accept: str, body: Mapping[str, Any]) -> bytes:
    content = orjson.dumps(body)
    headers = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return _head("POST /graphql", port, accept, headers) + content


def _head(line: str, port: int, accept: str, headers: str) -> bytes:
    return f"{line} HTTP/1.1\r\nHost: {HOST}:{port}\r\nAccept: {accept}\r\n{headers}\r\n".encode()


def _parse_event(part: bytes, *, id_only: bool) -> Item | None:
    lines = [line.partition(b": ") for line in part.split(b"\n") if line and not line.startswith(b":")]
    fields = {name: value for name, _, value in lines}
    if b"event" not in fields:
        return {"__typename": "IdOnly", "cursor": fields[b"id"].decode()} if id_only and b"id" in fields else None
    assert fields[b"event"] == b"next", fields
    item = item_from_result(orjson.loads(fields[b"data"]))
    assert fields[b"id"].decode() == item["cursor"]
    return item


def _parse_part(part: bytes) -> Item | None:
    body = orjson.loads(part.partition(b"\r\n\r\n")[2] or b"{}")
    if "errors" in body:
        raise _connection_error(body["errors"])
    return item_from_result(body["payload"]) if body else None


def sse(port: int, request: SubscriptionRequest, after: str | None) -> AbstractAsyncContextManager[SubscriptionStream]:
    """Subscribe by server-sent events and POST; resume by the argument."""
    raw = _post(port, "text/event-stream", request.body(after))
    return _http(port, raw, b"\n\n", partial(_parse_event, id_only=False))


def event_source(
    port: int, request: SubscriptionRequest, after: str | None
) -> AbstractAsyncContextManager[SubscriptionStream]:
    """Subscribe as a browser's EventSource: it resumes by Last-Event-ID, even that of an event without data."""
    body = request.body(None)
    query = urlencode({"query": body["query"], "variables": orjson.dumps(body["variables"]).decode()})
    last_event_id = f"Last-Event-ID: {after}\r\n" if after else ""
    raw = _head(f"GET /graphql?{query}", port, "text/event-stream", last_event_id)
    return _http(port, raw, b"\n\n", partial(_parse_event, id_only=True))


def multipart(
    port: int, request: SubscriptionRequest, after: str | None
) -> AbstractAsyncContextManager[SubscriptionStream]:
    """Subscribe by multipart over HTTP, as Apollo Client does."""
    raw = _post(port, 'multipart/mixed;subscriptionSpec="1.0"', request.body(after))
    return _http(port, raw, b"\r\n--graphql", _parse_part)


TRANSPORTS: Final[tuple[Transport, ...]] = (websocket, sse, websocket, event_source, websocket, multipart)
"""Half of the clients use WebSocket."""
