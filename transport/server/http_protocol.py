"""HTTP/1.1 itself: uvicorn's protocol, which by itself never times out a request whose header stays half sent, reads
headers of any size, and waits for ever for who takes nothing of an answer."""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from transport.http.stream_response import ABORT
from transport.server.accept_queue import upgrade_queue
from transport.server.lingering_close import LingeringClose
from transport.server.write_timeout import WriteTimeout

MAX_HEADER_BYTES: Final = 64 * 1024
"""Request line and headers together."""

_HEADERS_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1 that gives up on whoever does not come to the point."""

    header_timeout_seconds = 10.0
    """From the connection, or the first byte of a further request, to the end of its headers; and from an answer to the
    end of a request that is not over."""

    write_timeout_seconds = 30.0
    """How long a client may take nothing while something waits for it."""

    linger_seconds = 2.0
    """How long a client is heard out that is hung up on, see `transport.server.lingering_close`."""

    _lingering_close: LingeringClose
    _write_timeout: WriteTimeout
    _header_size = 0
    _in_header = True
    _header_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        socket_transport = cast(Transport, transport)  # a socket's reads and writes
        super().connection_made(socket_transport)
        self._lingering_close = LingeringClose(socket_transport, self.loop, self.linger_seconds)
        self._write_timeout = WriteTimeout(
            socket_transport, self.loop, self.write_timeout_seconds, socket_transport.abort
        )
        self._start_header_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_header_timer()
        self._write_timeout.close()
        self._lingering_close.connection_lost()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timeout.restart()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_timeout.restart()

    def data_received(self, data: bytes) -> None:
        if self._lingering_close.is_lingering:
            self._lingering_close.discard(len(data))
            return
        super().data_received(data)
        if self._in_header:
            # What is not parsed yet is counted as it arrives: one endless header is never handed on.
            self._count_header_bytes(len(data))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_size, self._in_header = 0, True
        self._lingering_close.request_complete = False
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}}
        self._start_header_timer()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count_header_bytes(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count_header_bytes(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._in_header = False
        self._stop_header_timer()
        if not self._lingering_close.is_closing():
            super().on_headers_complete()
            if self.cycle is not None:  # it is where the request asks for a WebSocket
                self.cycle.transport = self._lingering_close  # type: ignore[assignment]  # has all that is used there

    def on_body(self, body: bytes) -> None:
        if not self._lingering_close.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._lingering_close.request_complete = True
        if not self._lingering_close.is_closing():
            super().on_message_complete()
        self._stop_header_timer()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._write_timeout.restart()
        if not (self._lingering_close.request_complete or self._lingering_close.is_closing()):
            self._start_header_timer()

    def handle_websocket_upgrade(self) -> None:
        self._write_timeout.close()
        self.transport.pause_reading()
        upgrade_queue(self.server_state, self.loop).submit(self._upgrade)

    def _upgrade(self) -> None:
        if not self.transport.is_closing():
            super().handle_websocket_upgrade()
            self.transport.resume_reading()
            # It holds this, and this holds it: thousands that leave would stay in memory until somebody looks for such.
            self.parser = None  # type: ignore[assignment]  # as uvicorn has it for those that have left

    def _count_header_bytes(self, size: int) -> None:
        self._header_size += size
        if self._header_size > MAX_HEADER_BYTES and not self._lingering_close.is_closing():
            self._lingering_close.write(_HEADERS_TOO_LARGE)
            self._lingering_close.close()

    def _start_header_timer(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(self.header_timeout_seconds, self.transport.close)

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None
