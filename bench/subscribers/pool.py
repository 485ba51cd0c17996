"""Subscribers of one server: each over one connection, opened, counted and reconnected as a pool."""

import asyncio
import random
import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from time import perf_counter
from typing import Any, Final, cast

import orjson

from bench.load_generator import HOST, LoadFailed
from bench.subscribers.frames import CLOSE, PING, PONG, TEXT, encode_frame, handshake_request, split_frames

OPEN_BATCH: Final = 50
"""Connections that are opened at once, by default."""
RECONNECT_DELAY: Final = (0.2, 1.8)
"""Seconds after which a subscriber reconnects, at random."""

_CURSOR: Final = re.compile(rb'"cursor": ?"([^"]+)"')

MessageListener = Callable[[bytes, int, int], None]
"""Called with each result of a live subscriber: the received bytes, and the span of the message in them."""
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


class Subscriber(asyncio.Protocol):
    # Ten thousand of them: slots, and bytes objects only while a message is incomplete.
    __slots__ = ("_rest", "_transport", "close_code", "number", "phase", "pool", "results")

    def __init__(self, pool: "SubscriberPool", number: int) -> None:
        self.pool = pool
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
        self.pool.on_disconnect(self, phase, exc)

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
            self.pool.fail(error)
            self.close()

    def _on_response_head(self, head: bytes) -> None:
        if head.startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 200 ")):
            self.phase = Phase.SUBSCRIBED
            self.on_accepted()
        else:
            self.pool.on_rejected(self, head.partition(b"\r\n")[0].decode(errors="replace"))
            self.close()

    @abstractmethod
    def opening_request(self) -> bytes:
        """Return the HTTP request that opens the connection."""

    def on_accepted(self) -> None:
        pass

    @abstractmethod
    def parse(self, received: bytes) -> int:
        """Handle complete messages and return the offset of the rest. Raises LoadFailed."""


class WebSocketSubscriber(Subscriber):
    __slots__ = ()

    def opening_request(self) -> bytes:
        return handshake_request(self.pool.port)

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
            self.pool.on_result(self, received, start, end)
            return
        match orjson.loads(received[start:end])["type"]:
            case "ping":
                self.send(PONG_MESSAGE)
            case "connection_ack":
                subscribe = {"id": "1", "type": "subscribe", "payload": self.pool.subscribe_payload(self.number)}
                self.send(encode_frame(orjson.dumps(subscribe)))
            case other:
                raise LoadFailed(f"the server sent {other}: {received[start:end][:500]!r}")


class SseSubscriber(Subscriber):
    __slots__ = ()

    def opening_request(self) -> bytes:
        body = orjson.dumps(self.pool.subscribe_payload(self.number))
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {HOST}:{self.pool.port}\r\nContent-Type: application/json\r\n"
            f"Accept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def parse(self, received: bytes) -> int:
        offset = 0
        while (end := received.find(b"\n", offset)) >= 0:
            if received.startswith(b"event: next", offset):
                self.results += 1
                self.pool.on_result(self, received, offset, end)
            offset = end + 1
        return offset


class AwaitableCounter:
    def __init__(self, description: str) -> None:
        self.value = 0
        self._description = description
        self._waiters: dict[int, asyncio.Future[None]] = {}
        self._failure: LoadFailed | None = None

    def add(self, difference: int = 1) -> None:
        self.value += difference
        if self._waiters and (waiter := self._waiters.pop(self.value, None)) is not None:
            waiter.set_result(None)

    def fail(self, error: LoadFailed) -> None:
        """Let present and future waits fail."""
        self._failure = self._failure or error
        for waiter in self._waiters.values():
            waiter.set_exception(error)
        self._waiters.clear()

    async def wait_for(self, value: int, seconds: float) -> None:
        """Wait until the number is reached. Raises LoadFailed, also on timeout."""
        if self._failure is not None:
            raise self._failure
        if self.value >= value:
            return
        waiter = self._waiters.setdefault(value, asyncio.get_running_loop().create_future())
        done, _ = await asyncio.wait([waiter], timeout=seconds)
        if not done:
            raise LoadFailed(f"after {seconds:g} seconds {self.value} of {value} {self._description}")
        waiter.result()


class SubscriberPool:
    """`count` subscribers that take the documents in turn.

    Args:
        port: port of the server on this machine.
        documents: `query` and `variables` of each subscription.
        count: number of subscribers.
        subscriber_type: makes a subscriber from the pool and its number.
        open_batch: connections that are opened at once.
    """

    def __init__(
        self,
        port: int,
        documents: Sequence[Mapping[str, Any]],
        count: int,
        subscriber_type: Callable[["SubscriberPool", int], Subscriber] = WebSocketSubscriber,
        open_batch: int = OPEN_BATCH,
    ) -> None:
        self.port = port
        self.results_until_live = 1
        """Results that make a subscriber live: its snapshot, or the changes it missed."""
        self.cursors: dict[int, str] = {}
        """First cursor that each subscriber received: it resumes from there."""
        self.reconnects = False
        self.disconnects_expected = False
        self.listener: MessageListener | None = None
        self.live = AwaitableCounter("subscribers are live")
        self.delivered = AwaitableCounter("results were delivered")
        """Results of live subscribers."""
        self.close_codes: Counter[int] = Counter()
        self.last_live_at = 0.0
        """When the last subscriber became live (`perf_counter`)."""
        self._documents = documents
        self._open_batch = open_batch
        self._subscribers = [subscriber_type(self, number) for number in range(count)]
        self._closing = False
        self._random = random.Random(count)  # reproducible
        self._connecting: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._subscribers)

    async def open(self, seconds: float) -> None:
        """Connect all and wait until they are live. Raises LoadFailed, also on timeout."""
        deadline = perf_counter() + seconds
        for start in range(0, len(self), self._open_batch):
            batch = self._subscribers[start : start + self._open_batch]
            await asyncio.gather(*(self._connect(subscriber) for subscriber in batch))
            await self.live.wait_for(start + len(batch), deadline - perf_counter())

    def close(self) -> None:
        self._closing = True
        for task in self._connecting:
            task.cancel()
        for subscriber in self._subscribers:
            subscriber.close()

    def subscribe_payload(self, number: int) -> dict[str, Any]:
        document = self._documents[number % len(self._documents)]
        after = {"after": self.cursors[number]} if number in self.cursors else {}
        return {"query": document["query"], "variables": {**document["variables"], **after}}

    def on_result(self, subscriber: Subscriber, received: bytes, start: int, end: int) -> None:
        if subscriber.phase is Phase.LIVE:
            if self.listener is not None:
                self.listener(received, start, end)
            self.delivered.add()
            return
        if subscriber.number not in self.cursors and (cursor := _CURSOR.search(received, start, end)):
            self.cursors[subscriber.number] = cursor[1].decode()
        if subscriber.results == self.results_until_live:
            subscriber.phase = Phase.LIVE
            self.last_live_at = perf_counter()
            self.live.add()

    def on_disconnect(self, subscriber: Subscriber, phase: Phase, error: Exception | None) -> None:
        if self._closing:
            return
        self.close_codes[subscriber.close_code] += 1
        if phase is Phase.LIVE:
            self.live.add(-1)
        if self.reconnects:
            self._schedule_reconnect(subscriber)
        elif not self.disconnects_expected:
            self.fail(LoadFailed(f"the server closed a subscription: {subscriber.close_code or error or 'no code'}"))

    def on_rejected(self, subscriber: Subscriber, status: str) -> None:
        if not self.reconnects:
            self.fail(LoadFailed(f"subscriber {subscriber.number} was refused: {status}"))

    def fail(self, error: LoadFailed) -> None:
        self.live.fail(error)
        self.delivered.fail(error)

    async def _connect(self, subscriber: Subscriber) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: subscriber, HOST, self.port)
        except OSError as error:
            if not self.reconnects:
                raise LoadFailed(f"no connection to the server: {error}") from None
            self._schedule_reconnect(subscriber)

    def _schedule_reconnect(self, subscriber: Subscriber) -> None:
        asyncio.get_running_loop().call_later(self._random.uniform(*RECONNECT_DELAY), self._reconnect, subscriber)

    def _reconnect(self, subscriber: Subscriber) -> None:
        if not self._closing:
            task = asyncio.create_task(self._connect(subscriber))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
