"""One subscriber over one connection. It reads no more of a result than it must."""

import asyncio
from abc import abstractmethod
from enum import Enum
from typing import Any, Final, Protocol, cast

import orjson

from bench.load_generator import HOST, LoadFailed
from bench.subscribers.frames import CLOSE, PING, PONG, TEXT, encode_frame, handshake_request, split_frames

INIT: Final = encode_frame(b'{"type":"connection_init"}')
PONG_MESSAGE: Final = encode_frame(b'{"type":"pong"}')
TYPE_PREFIX_BYTES: Final = 64
"""The type of a message stands within so many bytes."""


class Phase(Enum):
    DISCONNECTED = 0
    CONNECTING = 1
    SUBSCRIBED = 2
    LIVE = 3
    """Its snapshot, or what it missed, has arrived."""


class Owner(Protocol):
    """What a subscriber reports to."""

    port: int

    def subscribe_payload(self, number: int) -> dict[str, Any]: ...
    def on_result(self, subscriber: "Subscriber", received: bytes, start: int, end: int) -> None: ...
    def on_disconnect(self, subscriber: "Subscriber", phase: Phase, error: Exception | None) -> None: ...
    def on_rejected(self, subscriber: "Subscriber", status: str) -> None: ...
    def fail(self, error: LoadFailed) -> None: ...


class Subscriber(asyncio.Protocol):
    """A client with one connection at a time."""

    # Ten thousand of them: slots, and bytes objects only while a message is incomplete.
    __slots__ = ("_rest", "_transport", "close_code", "number", "owner", "phase", "results")

    def __init__(self, owner: Owner, number: int) -> None:
        self.owner = owner
        self.number = number
        self.phase = Phase.DISCONNECTED
        self.results = 0
        """Results over the current connection."""
        self.close_code = 0
        """Close code sent by the server; 0: none."""
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def send(self, data: bytes) -> None:
        assert self._transport is not None, "it is connected"
        self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Transports of uvloop are not instances of asyncio.Transport.
        self._transport = cast("asyncio.Transport", transport)
        self.phase, self._rest, self.results, self.close_code = Phase.CONNECTING, b"", 0, 0
        self.send(self.opening_request())

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        phase, self.phase = self.phase, Phase.DISCONNECTED
        self.owner.on_disconnect(self, phase, exc)

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
            self.owner.fail(error)
            self.close()

    def _on_response_head(self, head: bytes) -> None:
        if head.startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 200 ")):
            self.phase = Phase.SUBSCRIBED
            self.on_accepted()
        else:
            self.owner.on_rejected(self, head.partition(b"\r\n")[0].decode(errors="replace"))
            self.close()

    @abstractmethod
    def opening_request(self) -> bytes:
        """Return the HTTP request that opens the connection."""

    def on_accepted(self) -> None:
        """Called after the response head."""

    @abstractmethod
    def parse(self, received: bytes) -> int:
        """Handle complete messages and return the offset of the rest. Raises LoadFailed."""


class WebSocketSubscriber(Subscriber):
    """A graphql-transport-ws client."""

    __slots__ = ()

    def opening_request(self) -> bytes:
        return handshake_request(self.owner.port)

    def on_accepted(self) -> None:
        self.send(INIT)

    def parse(self, received: bytes) -> int:
        spans, rest = split_frames(received)
        for opcode, start, end in spans:
            if opcode == TEXT:
                self._on_text(received, start, end)
            elif opcode == CLOSE:
                self.close_code = int.from_bytes(received[start : start + 2], "big")
                self.send(encode_frame(received[start:end], CLOSE))
            elif opcode == PING:
                self.send(encode_frame(received[start:end], PONG))
        return rest

    def _on_text(self, received: bytes, start: int, end: int) -> None:
        if received.find(b'"next"', start, min(end, start + TYPE_PREFIX_BYTES)) >= 0:
            self.results += 1
            self.owner.on_result(self, received, start, end)
            return
        match orjson.loads(received[start:end])["type"]:
            case "ping":
                self.send(PONG_MESSAGE)
            case "connection_ack":
                subscribe = {"id": "1", "type": "subscribe", "payload": self.owner.subscribe_payload(self.number)}
                self.send(encode_frame(orjson.dumps(subscribe)))
            case other:
                raise LoadFailed(f"the server sent {other}: {received[start:end][:500]!r}")


class SseSubscriber(Subscriber):
    """A graphql-sse client."""

    __slots__ = ()

    def opening_request(self) -> bytes:
        body = orjson.dumps(self.owner.subscribe_payload(self.number))
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {HOST}:{self.owner.port}\r\nContent-Type: application/json\r\n"
            f"Accept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def parse(self, received: bytes) -> int:
        offset = 0
        while (end := received.find(b"\n", offset)) >= 0:
            if received.startswith(b"event: next", offset):
                self.results += 1
                self.owner.on_result(self, received, offset, end)
            offset = end + 1
        return offset
