"""HTTP/1.1 itself: uvicorn's protocol, which by itself never times out a request whose header stays half sent, reads
headers of any size, and waits for ever for who takes nothing of an answer."""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from transport.http.stream_response import ABORT
from transport.server.accept_queue import arrivals
from transport.server.lingering_close import Hearing
from transport.server.write_timeout import Stall

HEADER_BYTES: Final = 64 * 1024
"""Request line and headers together."""

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1 that gives up on whoever does not come to the point."""

    header_seconds = 10.0
    """From the connection, or the first byte of a further request, to the end of its headers; and from an answer to the
    end of a request that is not over."""

    stalled_seconds = 30.0
    """How long a client may take nothing while something waits for it."""

    hearing_seconds = 2.0
    """How long a client is heard out that is hung up on, see `transport.server.lingering_close`."""

    _hearing: Hearing
    _stall: Stall
    _header_size = 0
    _in_header = True
    _patience: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        stream = cast(Transport, transport)  # a socket's reads and writes
        super().connection_made(stream)
        self._hearing = Hearing(stream, self.loop, self.hearing_seconds)
        self._stall = Stall(stream, self.loop, self.stalled_seconds, stream.abort)
        self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stall.end()
        self._hearing.lost()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall.look()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stall.look()

    def data_received(self, data: bytes) -> None:
        if self._hearing.began:
            self._hearing.hear(len(data))
            return
        super().data_received(data)
        if self._in_header:
            # What is not parsed yet is counted as it arrives: one endless header is never handed on.
            self._count(len(data))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_size, self._in_header = 0, True
        self._hearing.complete = False
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}}
        self._be_patient()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._in_header = False
        self._stop_waiting()
        if not self._hearing.is_closing():
            super().on_headers_complete()
            if self.cycle is not None:  # it is where the request asks for a WebSocket
                self.cycle.transport = self._hearing  # type: ignore[assignment]  # has all that is used there

    def on_body(self, body: bytes) -> None:
        if not self._hearing.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._hearing.complete = True
        if not self._hearing.is_closing():
            super().on_message_complete()
        self._stop_waiting()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._stall.look()
        if not (self._hearing.complete or self._hearing.is_closing()):
            self._be_patient()

    def handle_websocket_upgrade(self) -> None:
        self._stall.end()
        self.transport.pause_reading()
        arrivals(self.server_state, self.loop).enter(self._upgrade)

    def _upgrade(self) -> None:
        if not self.transport.is_closing():
            super().handle_websocket_upgrade()
            self.transport.resume_reading()
            # It holds this, and this holds it: thousands that leave would stay in memory until somebody looks for such.
            self.parser = None  # type: ignore[assignment]  # as uvicorn has it for those that have left

    def _count(self, size: int) -> None:
        self._header_size += size
        if self._header_size > HEADER_BYTES and not self._hearing.is_closing():
            self._hearing.write(_TOO_LARGE)
            self._hearing.close()

    def _be_patient(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self.header_seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
