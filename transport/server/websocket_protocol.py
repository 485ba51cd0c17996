"""uvicorn's WebSocket protocol (RFC 6455), hardened against clients that stall or flood it.

Beyond uvicorn's, it
- answers a bad handshake, and never logs a traceback for a client's input;
- limits frames, as pings and empty fragments are not messages that the application could count;
- closes clients that read nothing, with 1013;
- half-closes, so that the close frame also reaches a client that is still sending, and aborts after a while;
- sends text that is already encoded (`WEBSOCKET_WRITE`).
"""

from asyncio import BaseTransport, Task, Transport
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.protocol import State

from transport.asgi_extensions import WEBSOCKET_WRITE
from transport.idle_timer import IdleTimer
from transport.rate_limiter import RateLimiter
from transport.server.lean_sync import LeanEvent, LeanQueue
from transport.server.write_timeout import write_timeout

MAX_MESSAGE_BYTES: Final = 1024 * 1024
"""Over it close code 1009."""

MAX_FRAGMENTS: Final = 1_000
"""Frames of one message. Over it close code 1009."""

FRAME_RATE: Final = 200
FRAME_BURST: Final = 2_000
"""Frames of all kinds, per second and at once. Over it close code 1013."""

PARSE_CHUNK: Final = 16 * 1024
"""Bytes parsed before their frames are counted: a few thousand frames at most."""

BAD_HANDSHAKE_RESPONSE: Final = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class WebSocketProtocol(WebSocketsSansIOProtocol):
    write_timeout_seconds = 30.0
    """How long a client may read nothing while something is buffered for it."""

    close_timeout_seconds = 5.0
    """How long it may take to read what was sent before, and to answer the close frame."""

    _write_timeout: IdleTimer
    _frame_limiter: RateLimiter
    _ignoring_input = False
    _is_lost = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = LeanQueue()  # type: ignore[assignment]  # it has the methods that uvicorn calls
        self.writable = LeanEvent()  # type: ignore[assignment]  # likewise
        self.writable.set()

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._frame_limiter = RateLimiter(FRAME_RATE, FRAME_BURST, self.loop.time())
        self._write_timeout = write_timeout(
            cast(Transport, transport), self.loop, self.write_timeout_seconds, partial(self._fail, 1013, "Too slow")
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._write_timeout.close()
        super().connection_lost(exc)
        del self.conn.parser  # breaks the cycle conn → parser → conn, see `run_asgi`

    # ---- input

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PARSE_CHUNK):
            if self._ignoring_input or self.transport.is_closing():
                return
            self._receive(data[start : start + PARSE_CHUNK])

    def _receive(self, data: bytes) -> None:
        self.conn.receive_data(data)
        if self.conn.handshake_exc is not None:
            self.transport.write(BAD_HANDSHAKE_RESPONSE)
            self._half_close()
        elif self.conn.parser_exc is not None:
            self.handle_parser_exception()
        else:
            self.handle_events()

    def handle_parser_exception(self) -> None:
        # No close frame is sent to a client that did not wait for the handshake.
        code = self.conn.close_sent.code if self.conn.close_sent else 1006
        self._disconnect(code, "")

    def handle_events(self) -> None:
        count = len(self.conn.events)
        super().handle_events()
        if not self._frame_limiter.consume(count, self.loop.time()):
            self._fail(1013, "Too many frames")
            self._ignoring_input = True

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < MAX_FRAGMENTS:
            super().handle_cont(event)
        else:
            self._fail(1009, "Too many fragments")

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                return self._fail(1007, "Invalid UTF-8")
        return super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        answer = b"".join(self.conn.data_to_send())
        # Don't queue pongs for a client that is not reading.
        if self.writable.is_set() and not self.transport.is_closing():
            self.transport.write(answer)

    def eof_received(self) -> None:
        # The client may still read; but without a close frame this is a disconnect.
        if not self.close_sent:
            self._disconnect(1006, "")

    # ---- output

    async def run_asgi(self) -> None:
        self.scope["extensions"][WEBSOCKET_WRITE] = {"write": self.try_send}
        try:
            await super().run_asgi()
        finally:
            # Break the cycle scope → protocol → scope, so that memory is freed without a run of the collector.
            del self.scope["extensions"][WEBSOCKET_WRITE]

    def try_send(self, texts: Sequence[bytes]) -> bool:
        """Implement `WEBSOCKET_WRITE`. Must not raise: the caller also writes to other connections."""
        if self.close_sent or self.disconnected or not self.writable.is_set() or self.conn.state is not State.OPEN:
            return False
        self.transport.write(b"".join(map(encode_text_frame, texts)))
        return True

    async def send(self, message: Any) -> None:
        """Send by ASGI. Raises OSError when the connection has ended. A close does not wait for buffered output."""
        closes = message["type"] == "websocket.close"
        if closes:
            self.writable.set()
        elif not self.writable.is_set():
            await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        await super().send(message)
        if closes:
            self._schedule_abort()
        elif message["type"] == "websocket.accept":
            del self.request, self.response  # the scope has what is needed of them

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timeout.touch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_timeout.stop()

    # ---- closing

    def shutdown(self) -> None:
        super().shutdown()
        self._schedule_abort()

    def on_task_complete(self, task: Task[None]) -> None:
        super().on_task_complete(task)
        if self.close_timer is None:
            self._schedule_abort()

    def _fail(self, code: int, reason: str) -> None:
        if not self.close_sent:
            self.conn.fail(code, reason)
            self._disconnect(code, reason)

    def _disconnect(self, code: int, reason: str) -> None:
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self._half_close()

    def _half_close(self) -> None:
        # Senders that wait for `writable` must wake up and see `disconnected`.
        self.handshake_complete = self.close_sent = self.disconnected = self._ignoring_input = True
        self.writable.set()
        if self.transport.can_write_eof():
            # A full close would answer input with a reset, which may overtake the close frame.
            self.transport.write_eof()
        else:
            self.transport.close()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._schedule_abort()

    def _schedule_abort(self) -> None:
        if self.close_timer is not None:
            self.close_timer.cancel()
        if not self._is_lost:
            self.close_timer = self.loop.call_later(self.close_timeout_seconds, self.transport.abort)


def encode_text_frame(text: bytes) -> bytes:
    """Encode a whole text message as one unmasked frame."""
    length = len(text)
    if length < 126:
        return bytes((0x81, length)) + text
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + text
    return b"\x81\x7f" + length.to_bytes(8, "big") + text
