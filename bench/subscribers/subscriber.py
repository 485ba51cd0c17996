"""One subscriber over one connection. It reads no more of a result than it must."""

import asyncio
from abc import abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, cast

import orjson

from bench.load_generator import HOST, LoadFailed
from bench.subscribers.frames import CLOSE, PING, PONG, TEXT, encode_frame, handshake_request, split_frames

if TYPE_CHECKING:
    from bench.subscribers.pool import SubscriberPool

INIT: Final = encode_frame(b'{"type":"connection_init"}')
PONG_MESSAGE: Final = encode_frame(b'{"type":"pong"}')
TYPE_PREFIX_BYTES: Final = 64
"""In so many bytes at its beginning a message says of what type it is."""


class Phase(Enum):
    """How far a watcher has come."""

    DISCONNECTED = "not connected"
    CONNECTING = "the server has not answered yet"
    SUBSCRIBED = "it was let in"
    LIVE = "it knows what there is"


class Subscriber(asyncio.Protocol):
    """One connection after the other, and what is told over it counted."""

    __slots__ = ("_rest", "_transport", "code", "crowd", "number", "phase", "results")

    def __init__(self, crowd: "SubscriberPool", number: int) -> None:
        self.crowd = crowd
        self.number = number
        self.phase = Phase.DISCONNECTED
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

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's transports are instances of it.
        self._transport = cast("asyncio.Transport", transport)
        self.phase, self._rest, self.results, self.code = Phase.CONNECTING, b"", 0, 0
        self.send(self.opening_request())

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        before, self.phase = self.phase, Phase.DISCONNECTED
        self.crowd.on_disconnect(self, before, exc)

    def data_received(self, data: bytes) -> None:
        received = self._rest + data if self._rest else data
        try:
            if self.phase is Phase.CONNECTING:
                head, found, received = received.partition(b"\r\n\r\n")
                if not found:
                    self._rest = head
                    return
                self._on_response_head(head)
            if self._transport is not None:
                self._rest = received[self.parse(received) :]
        except LoadFailed as error:
            self.crowd.fail(error)
            self.close()

    def _on_response_head(self, head: bytes) -> None:
        if head.startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 200 ")):
            self.phase = Phase.SUBSCRIBED
            self.on_accepted()
        else:
            self.crowd.on_rejected(self, head.partition(b"\r\n")[0].decode(errors="replace"))
            self.close()

    @abstractmethod
    def opening_request(self) -> bytes:
        """What it says first: a request over HTTP."""

    def on_accepted(self) -> None:
        """The server has let it in."""

    @abstractmethod
    def parse(self, received: bytes) -> int:
        """Take what it was told; where the rest begins, which is a part of something. Raises LoadFailed."""


class WebSocketSubscriber(Subscriber):
    """Over a WebSocket, in graphql-transport-ws."""

    __slots__ = ()

    def opening_request(self) -> bytes:
        return handshake_request(self.crowd.port)

    def on_accepted(self) -> None:
        self.send(INIT)

    def parse(self, received: bytes) -> int:
        spans, begin = split_frames(received)
        for opcode, start, end in spans:
            if opcode == TEXT:
                self._on_text(received, start, end)
            elif opcode == CLOSE:
                self.code = int.from_bytes(received[start : start + 2], "big")
                self.send(encode_frame(received[start:end], CLOSE))
            elif opcode == PING:
                self.send(encode_frame(received[start:end], PONG))
        return begin

    def _on_text(self, received: bytes, start: int, end: int) -> None:
        if received.find(b'"next"', start, min(end, start + TYPE_PREFIX_BYTES)) >= 0:
            self.results += 1
            self.crowd.on_result(self, received, start, end)
            return
        message: dict[str, Any] = orjson.loads(received[start:end])
        match message["type"]:
            case "ping":
                self.send(PONG_MESSAGE)
            case "connection_ack":
                subscribe = {"id": "1", "type": "subscribe", "payload": self.crowd.subscribe_payload(self.number)}
                self.send(encode_frame(orjson.dumps(subscribe)))
            case kind:
                raise LoadFailed(f"a subscription was answered with {kind}: {received[start:end][:500]!r}")


class SseSubscriber(Subscriber):
    """Over server-sent events, in graphql-sse."""

    __slots__ = ()

    def opening_request(self) -> bytes:
        body = orjson.dumps(self.crowd.subscribe_payload(self.number))
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {HOST}:{self.crowd.port}\r\nContent-Type: application/json\r\n"
            f"Accept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def parse(self, received: bytes) -> int:
        begin = 0
        while (end := received.find(b"\n", begin)) >= 0:
            if received.startswith(b"event: next", begin):
                self.results += 1
                self.crowd.on_result(self, received, begin, end)
            begin = end + 1
        return begin
