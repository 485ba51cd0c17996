"""WebSocket itself (RFC 6455): uvicorn's protocol, which by itself lets a client hold it up, or fill its memory.

Compared with it, this one
- never logs a traceback for what a client sends, and answers whatever is no handshake;
- counts frames: an endless run of pings, or of fragments of nothing, is no message that anybody else would count;
- cuts off who takes nothing for long although something waits, with 1013;
- hears a client out before it hangs up, so that the close code reaches who is still sending, but not for ever;
- writes text that is UTF-8 already without further ado (`EXTENSION`).
"""

from asyncio import BaseTransport, Task, Transport
from collections.abc import Sequence
from typing import Any, Final, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.protocol import State

from transport.server.write_timeout import WriteTimeout

WEBSOCKET_WRITE: Final = "websocket.write"
"""In the scope's extensions: `write` takes text messages, as bytes, and sends them at once. It says False where it
cannot, as the client has not taken yet what was sent before, or is gone: then ASGI's way tells more."""

MAX_MESSAGE_BYTES: Final = 1024 * 1024
"""The longest message a client may send; then close code 1009."""

MAX_FRAGMENTS: Final = 1_000
"""Frames of one message; then 1009."""

FRAME_RATE: Final = 200
FRAME_BURST: Final = 2_000
"""Frames of all kinds; then 1013."""

PARSE_CHUNK: Final = 16 * 1024
"""Bytes parsed before the frames in them are looked at: a few thousand frames at most."""

BAD_HANDSHAKE_RESPONSE: Final = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection, from its handshake on."""

    write_timeout_seconds = 30.0
    """How long a client may take nothing while something waits for it."""

    close_timeout_seconds = 5.0
    """How long it may take to answer a close frame, and to take what was sent before."""

    _write_timeout: WriteTimeout
    _ignoring_input = False
    _is_lost = False
    _tokens = float(FRAME_BURST)
    _refilled_at = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._refilled_at = self.loop.time()
        self._write_timeout = WriteTimeout(
            cast(Transport, transport), self.loop, self.write_timeout_seconds, self._on_write_timeout
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._write_timeout.close()
        super().connection_lost(exc)
        del self.conn.parser  # it holds the connection's state, which holds it; see `run_asgi`

    # ---- what comes in

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
        # There is no close frame if the client did not wait for the handshake.
        code = self.conn.close_sent.code if self.conn.close_sent else 1006
        self._disconnect(code, "")

    def handle_events(self) -> None:
        count = len(self.conn.events)
        super().handle_events()
        now = self.loop.time()
        grown = self._tokens + (now - self._refilled_at) * FRAME_RATE
        self._tokens, self._refilled_at = min(grown, float(FRAME_BURST)) - count, now
        if self._tokens < 0:
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
        # Who does not read needs no more to read.
        if self.writable.is_set() and not self.transport.is_closing():
            self.transport.write(answer)

    def eof_received(self) -> None:
        # It may still read, but a client that sends no close frame is gone.
        if not self.close_sent:
            self._disconnect(1006, "")

    # ---- what goes out

    async def run_asgi(self) -> None:
        self.scope["extensions"][WEBSOCKET_WRITE] = {"write": self.try_send}
        try:
            await super().run_asgi()
        finally:
            # They hold each other: thousands that leave would stay in memory until somebody looks for such pairs.
            del self.scope["extensions"][WEBSOCKET_WRITE]

    def try_send(self, texts: Sequence[bytes]) -> bool:
        """See `EXTENSION`. Never raises: who writes here writes to others, too."""
        if self.close_sent or self.disconnected or not self.writable.is_set() or self.conn.state is not State.OPEN:
            return False
        self.transport.write(b"".join(map(encode_text_frame, texts)))
        return True

    async def send(self, message: Any) -> None:
        """As ASGI has it. Raises OSError when the connection is over; a close does not wait for what waits."""
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

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timeout.restart()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_timeout.stop()

    def _on_write_timeout(self) -> None:
        self._fail(1013, "Too slow")

    # ---- the end

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
        # Whoever is about to send, or waits to, is told that there is nobody.
        self.handshake_complete = self.close_sent = self.disconnected = self._ignoring_input = True
        self.writable.set()
        if self.transport.can_write_eof():
            # Closed at once, what is still under way would be answered with a reset; that may overtake the close.
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
    """One unmasked frame with a whole text message."""
    length = len(text)
    if length < 126:
        return bytes((0x81, length)) + text
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + text
    return b"\x81\x7f" + length.to_bytes(8, "big") + text
