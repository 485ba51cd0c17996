"""Raw subscribers that can pause reading."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

import orjson

from bench.load_generator import HOST
from tests.transport.resilience.listeners import RawWebSocket, SocketClosed, post, read_chunk

LONG: Final = """subscription { sessionActivities { __typename
    ... on Activity { id data a: session { ...S } b: session { ...S } c: session { ...S } d: session { ...S } } } }
    fragment S on Session { metadata }"""
SHORT: Final = "subscription { sessionActivities { ... on Activity { data session { metadata } } } }"


class Reader:
    def __init__(
        self, writer: asyncio.StreamWriter, results: AsyncIterator[Any], on_item: Callable[[Any], None]
    ) -> None:
        self._writer = writer
        self._results = results
        self._on_item = on_item
        self.paths: list[str] = []
        """The `to` of each activity received."""
        self._more = asyncio.Condition()
        self.task = asyncio.create_task(self._read())
        """Returns the close code of a WebSocket; 0 if the connection ended without one."""

    def pause(self) -> None:
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket transport has it

    def resume(self) -> None:
        self._writer.transport.resume_reading()  # type: ignore[attr-defined]  # likewise

    async def wait_for_count(self, number: int) -> None:
        async with self._more:
            await self._more.wait_for(lambda: len(self.paths) >= number)

    async def wait_for_last(self, place: str) -> None:
        async with self._more:
            await self._more.wait_for(lambda: self.paths[-1:] == [place])

    async def disconnect(self) -> None:
        self.task.cancel()
        self._writer.transport.abort()
        with suppress(ConnectionError):
            await self._writer.wait_closed()
        await asyncio.wait([self.task])

    async def _read(self) -> int:
        try:
            async for result in self._results:
                (place,) = result["data"]["sessionActivities"]["data"]["to"]
                self.paths.append(place)
                self._on_item(place)
                async with self._more:
                    self._more.notify_all()
        except SocketClosed as closed:
            return closed.code
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0
        return -1


Connect: TypeAlias = Callable[[int, Callable[[str], None], str], Coroutine[Any, Any, Reader]]


async def over_socket(port: int, on_item: Callable[[str], None], query: str) -> Reader:
    opened = RawWebSocket(*await _connect_small_buffer(port))
    await opened.handshake()
    opened.subscribe(query)

    async def results() -> AsyncIterator[Any]:
        while True:
            message = await opened.receive()
            assert message["type"] == "next", message
            yield message["payload"]

    return Reader(opened.writer, results(), on_item)


async def over_sse(port: int, on_item: Callable[[str], None], query: str) -> Reader:
    reader, writer = await _connect_small_buffer(port)
    writer.write(post(query, "text/event-stream"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")

    async def results() -> AsyncIterator[Any]:
        received = b""
        while piece := await read_chunk(reader):
            *events, received = (received + piece).split(b"\n\n")
            for event in events:
                if event.startswith(b"event: next\n"):
                    yield orjson.loads(event.partition(b"\ndata: ")[2])

    return Reader(writer, results(), on_item)


async def over_multipart(port: int, on_item: Callable[[str], None], query: str) -> Reader:
    reader, writer = await _connect_small_buffer(port)
    writer.write(post(query, "multipart/mixed;subscriptionSpec=1.0"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")

    async def results() -> AsyncIterator[Any]:
        received = b""
        while piece := await read_chunk(reader):
            *parts, received = (received + piece).split(b"\r\n--graphql")
            for part in parts:
                if result := orjson.loads(part.partition(b"\r\n\r\n")[2] or b"{}").get("payload"):
                    yield result

    return Reader(writer, results(), on_item)


KINDS: Sequence[Connect] = (over_socket, over_sse, over_multipart)


async def _connect_small_buffer(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
    opened.setblocking(False)
    await asyncio.get_running_loop().sock_connect(opened, (HOST, port))
    return await asyncio.open_connection(sock=opened)
