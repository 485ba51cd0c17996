"""Raw subscribers that report how their stream ended."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final, TypeAlias

import orjson

from bench.load_generator import HOST
from tests.transport.websocket.live_server import HANDSHAKE, text_frame

QUERY: Final = "subscription { activeSessions { __typename ... on SessionSnapshot { last } } }"
HEAD: Final = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CLOSE: Final = 0x88


Outcome: TypeAlias = "asyncio.Task[str]"


def post(query: str, accept: str = "application/json", **variables: Any) -> bytes:
    body = orjson.dumps({"query": query, "variables": variables})
    return HEAD + b"Accept: %s\r\nContent-Length: %d\r\n\r\n" % (accept.encode(), len(body)) + body


async def over_sse(port: int) -> Outcome:
    return await _over_http(port, "text/event-stream", b"event: next\n", _sse_outcome)


async def over_multipart(port: int) -> Outcome:
    return await _over_http(port, "multipart/mixed;subscriptionSpec=1.0", b'{"payload":', _multipart_outcome)


async def _over_http(port: int, accept: str, first: bytes, judge: Callable[[bytes], str]) -> Outcome:
    reader, writer = await asyncio.open_connection(HOST, port, limit=2**24)
    writer.write(post(QUERY, accept))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    while first not in await read_chunk(reader):
        pass

    async def listen() -> str:
        received = b""
        with closing(writer):
            while piece := await read_chunk(reader):
                received += piece
            assert await reader.read() == b""
            return judge(received)

    return asyncio.create_task(listen())


async def read_chunk(reader: asyncio.StreamReader) -> bytes:
    data = await reader.readexactly(int(await reader.readuntil(b"\r\n"), 16))
    assert await reader.readexactly(2) == b"\r\n"
    return data


def _sse_outcome(received: bytes) -> str:
    assert b"event: complete" not in received
    last = received.split(b"\n\n")[-2]
    return "well" if last.startswith(b": the server ends this stream") else f"badly: {received[-200:]!r}"


def _multipart_outcome(received: bytes) -> str:
    last = received.split(b"--graphql")[-2].partition(b"\r\n\r\n")[2]
    (error,) = orjson.loads(last)["errors"]
    good = received.endswith(b"\r\n--graphql--\r\n") and error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    return "well" if good else f"badly: {received[-200:]!r}"


async def over_socket(port: int) -> Outcome:
    socket = await RawWebSocket.open(port)
    socket.subscribe(QUERY)
    assert (await socket.receive())["type"] == "next"
    return asyncio.create_task(socket.wait_closed())


async def over_idle_socket(port: int) -> Outcome:
    socket = await RawWebSocket.open(port, init=False)
    return asyncio.create_task(socket.wait_closed())


class SocketClosed(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class RawWebSocket:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, *, init: bool = True) -> "RawWebSocket":
        socket = cls(*await asyncio.open_connection(HOST, port, limit=2**24))
        await socket.handshake(init=init)
        return socket

    async def handshake(self, *, init: bool = True) -> None:
        self.writer.write(HANDSHAKE)
        assert (await self._reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        if init:
            self.send({"type": "connection_init"})
            assert await self.receive() == {"type": "connection_ack"}

    def send(self, message: dict[str, Any]) -> None:
        self.writer.write(text_frame(message))

    def subscribe(self, query: str, id_: str = "1", **variables: Any) -> None:
        self.send({"id": id_, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def receive(self) -> Any:
        while True:
            try:
                first, length = await self._reader.readexactly(2)
                if length >= 126:
                    length = int.from_bytes(await self._reader.readexactly(2 if length == 126 else 8), "big")
                data = await self._reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError):
                raise SocketClosed(1006) from None
            if first == CLOSE:
                raise SocketClosed(int.from_bytes(data[:2], "big"))
            message = orjson.loads(data)
            if message != {"type": "ping"}:
                return message
            self.send({"type": "pong"})

    async def wait_closed(self) -> str:
        with closing(self.writer):
            try:
                while True:
                    await self.receive()
            except SocketClosed as closed:
                return str(closed.code)
