"""uvicorn's HTTP/1.1 protocol with header, request and write timeouts, a header size limit and a lingering close."""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from transport.asgi_extensions import CONNECTION_ABORT
from transport.idle_timer import IdleTimer
from transport.server.accept_queue import upgrade_queue
from transport.server.descriptors import DescriptorReserve
from transport.server.http_cycle import HttpCycle
from transport.server.lingering_close import LingeringClose
from transport.server.write_timeout import write_timeout

MAX_HEADER_BYTES: Final = 64 * 1024
"""Request line and headers together."""

_HEADERS_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


_OUT_OF_DESCRIPTORS: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


class HttpProtocol(HttpToolsProtocol):
    """One connection. uvicorn by itself waits for ever for headers, and for clients that do not read."""

    header_timeout_seconds = 10.0
    """From the connection, or the first byte of a further request, to the end of its headers; and from a response to
    the end of a request that has not ended."""

    write_timeout_seconds = 30.0
    """How long a client may read nothing while something is buffered for it."""

    linger_seconds = 2.0
    """See `transport.server.lingering_close`."""

    descriptor_reserve = DescriptorReserve()

    _lingering_close: LingeringClose
    _write_timeout: IdleTimer
    _header_size = 0
    _in_header = True
    _header_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        socket_transport = cast(Transport, transport)  # a socket's reads and writes
        super().connection_made(socket_transport)
        self._lingering_close = LingeringClose(socket_transport, self.loop, self.linger_seconds)
        self._write_timeout = write_timeout(
            socket_transport, self.loop, self.write_timeout_seconds, socket_transport.abort
        )
        # One object for all requests: it refers to the transport only.
        self._extensions: dict[str, dict[object, object]] = {CONNECTION_ABORT: {"abort": socket_transport.abort}}
        self._start_header_timer()
        opened = transport.get_extra_info("socket")
        if opened is not None and not self.descriptor_reserve.admits(opened.fileno()):
            # No lingering: that would keep the descriptor.
            socket_transport.write(_OUT_OF_DESCRIPTORS)
            socket_transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_header_timer()
        self._write_timeout.close()
        self._lingering_close.connection_lost()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timeout.touch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_timeout.stop()
        self._write_timeout.arm()

    def data_received(self, data: bytes) -> None:
        if self._lingering_close.is_lingering:
            self._lingering_close.discard(len(data))
            return
        super().data_received(data)
        if self._in_header:
            # Counted unparsed: the parser reports a header only when it is complete, which an endless one never is.
            self._count_header_bytes(len(data))
            self._start_header_timer()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_size, self._in_header = 0, True
        self._lingering_close.request_complete = False
        self.scope["extensions"] = self._extensions

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count_header_bytes(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_header_bytes(len(name) + len(value))
        if not self._in_header:
            return  # a trailer, which uvicorn would add to the headers
        name = name.lower()
        self.headers.append((name, value))
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True

    def on_headers_complete(self) -> None:
        self._in_header = False
        self._stop_header_timer()
        if not self._lingering_close.is_closing():
            super().on_headers_complete()
            if self.cycle is not None:  # it is None for a WebSocket upgrade
                self.cycle.__class__ = HttpCycle  # uvicorn has no option for it; its task begins later
                self.cycle.transport = self._lingering_close  # type: ignore[assignment]  # has all methods used there

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
        self._write_timeout.stop()
        self._write_timeout.arm()
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
            # Break the cycle protocol → parser → protocol, so that memory is freed without a run of the collector.
            self.parser = None  # type: ignore[assignment]  # as uvicorn does when a connection is lost

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
