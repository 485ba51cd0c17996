"""One subscriber over one connection. It reads no more of a result than it must."""

import asyncio
from abc import abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, cast

import orjson

from bench.load_generator import HOST, LoadFailed
from bench.subscribers.frames import CLOSE, PING, PONG, TEXT, handshake, masked, split

if TYPE_CHECKING:
    from bench.subscribers.pool import Crowd

INIT: Final = masked(b'{"type":"connection_init"}')
ALIVE: Final = masked(b'{"type":"pong"}')
HEAD: Final = 64
"""In so many bytes at its beginning a message says of what type it is."""


class Phase(Enum):
    """How far a watcher has come."""

    AWAY = "not connected"
    ARRIVING = "the server has not answered yet"
    WAITING = "it was let in"
    LIVE = "it knows what there is"


class Watcher(asyncio.Protocol):
    """One connection after the other, and what is told over it counted."""

    __slots__ = ("_rest", "_transport", "code", "crowd", "number", "phase", "results")

    def __init__(self, crowd: "Crowd", number: int) -> None:
        self.crowd = crowd
        self.number = number
        self.phase = Phase.AWAY
        self.results = 0
        """That came over this connection."""
        self.code = 0
        """With which the server has closed it; 0: it has not said so."""
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def send(self, data: bytes) -> None:
        """Send what was put together before."""
        assert self._transport is not None, "it is connected"
        self._transport.write(data)

    def leave(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's transports are instances of it.
        self._transport = cast("asyncio.Transport", transport)
        self.phase, self._rest, self.results, self.code = Phase.ARRIVING, b"", 0, 0
        self.send(self.greeting())

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        before, self.phase = self.phase, Phase.AWAY
        self.crowd.lost(self, before, exc)

    def data_received(self, data: bytes) -> None:
        received = self._rest + data if self._rest else data
        try:
            if self.phase is Phase.ARRIVING:
                head, found, received = received.partition(b"\r\n\r\n")
                if not found:
                    self._rest = head
                    return
                self._answered(head)
            if self._transport is not None:
                self._rest = received[self.hear(received) :]
        except LoadFailed as error:
            self.crowd.fail(error)
            self.leave()

    def _answered(self, head: bytes) -> None:
        if head.startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 200 ")):
            self.phase = Phase.WAITING
            self.admitted()
        else:
            self.crowd.refused(self, head.partition(b"\r\n")[0].decode(errors="replace"))
            self.leave()

    @abstractmethod
    def greeting(self) -> bytes:
        """What it says first: a request over HTTP."""

    def admitted(self) -> None:
        """The server has let it in."""

    @abstractmethod
    def hear(self, received: bytes) -> int:
        """Take what it was told; where the rest begins, which is a part of something. Raises LoadFailed."""


class SocketWatcher(Watcher):
    """Over a WebSocket, in graphql-transport-ws."""

    __slots__ = ()

    def greeting(self) -> bytes:
        return handshake(self.crowd.port)

    def admitted(self) -> None:
        self.send(INIT)

    def hear(self, received: bytes) -> int:
        spans, begin = split(received)
        for opcode, start, end in spans:
            if opcode == TEXT:
                self._text(received, start, end)
            elif opcode == CLOSE:
                self.code = int.from_bytes(received[start : start + 2], "big")
                self.send(masked(received[start:end], CLOSE))
            elif opcode == PING:
                self.send(masked(received[start:end], PONG))
        return begin

    def _text(self, received: bytes, start: int, end: int) -> None:
        if received.find(b'"next"', start, min(end, start + HEAD)) >= 0:
            self.results += 1
            self.crowd.told(self, received, start, end)
            return
        message: dict[str, Any] = orjson.loads(received[start:end])
        match message["type"]:
            case "ping":
                self.send(ALIVE)
            case "connection_ack":
                subscribe = {"id": "1", "type": "subscribe", "payload": self.crowd.request(self.number)}
                self.send(masked(orjson.dumps(subscribe)))
            case kind:
                raise LoadFailed(f"a subscription was answered with {kind}: {received[start:end][:500]!r}")


class StreamWatcher(Watcher):
    """Over server-sent events, in graphql-sse."""

    __slots__ = ()

    def greeting(self) -> bytes:
        body = orjson.dumps(self.crowd.request(self.number))
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {HOST}:{self.crowd.port}\r\nContent-Type: application/json\r\n"
            f"Accept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def hear(self, received: bytes) -> int:
        begin = 0
        while (end := received.find(b"\n", begin)) >= 0:
            if received.startswith(b"event: next", begin):
                self.results += 1
                self.crowd.told(self, received, begin, end)
            begin = end + 1
        return begin
