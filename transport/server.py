"""The process that listens: uvicorn with settings under which nothing waits for ever.

uvicorn by itself never times out a request whose header stays half sent, and reads headers of any size.
"""

import socket
from asyncio import BaseTransport, TimerHandle, Transport
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Final, TypeAlias, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from transport.hearing import Hearing
from transport.http.streaming import ABORT
from transport.websocket import MESSAGE_BYTES, WebSocketProtocol

HEADER_BYTES: Final = 64 * 1024
"""Request line and headers together."""

DRAIN_SECONDS: Final = 2.0
"""Over which streams and sockets are ended when the server stops; requests have until the end of
`SHUTDOWN_SECONDS`."""
SHUTDOWN_SECONDS: Final = 5

Drain: TypeAlias = Callable[[float], Awaitable[None]]

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class CannotListenError(Exception):
    """The address is taken, or not this machine's."""


class NotStartedError(Exception):
    """The application did not start."""


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 that gives up on whoever does not come to the point."""

    header_seconds = 10.0
    """From the connection, or the first byte of a further request, to the end of its headers; and from an answer to the
    end of a request that is not over."""

    hearing_seconds = 2.0
    """How long a client is heard out that is hung up on, see `transport.hearing`."""

    _hearing: Hearing
    _header_size = 0
    _in_header = True
    _patience: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        stream = cast(Transport, transport)  # a socket's reads and writes
        super().connection_made(stream)
        self._hearing = Hearing(stream, self.loop, self.hearing_seconds)
        self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._hearing.lost()
        super().connection_lost(exc)

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
        if not (self._hearing.complete or self._hearing.is_closing()):
            self._be_patient()

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


def options() -> dict[str, Any]:
    """What uvicorn is told: nothing waits for ever, nothing is said that clients need not know."""
    return {
        "http": Protocol,
        "loop": "uvloop",
        "ws": WebSocketProtocol,
        "ws_max_size": MESSAGE_BYTES,
        "ws_max_queue": 8,
        "ws_per_message_deflate": False,  # costs more than it saves on small messages
        "ws_ping_interval": None,  # the GraphQL protocol has pings of its own
        "lifespan": "on",
        "timeout_keep_alive": 10,
        "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
        "server_header": False,
        "proxy_headers": False,
        "access_log": False,
        "log_level": "critical",
    }


class Server(uvicorn.Server):
    """A server that lets what lives long end, before it closes every connection."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None], drain: Drain) -> None:
        super().__init__(config)
        self._announce = announce
        self._drain = drain

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing new, drain, then wait for what is left of the time."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        began = monotonic()
        await self._drain(DRAIN_SECONDS)
        self.config.timeout_graceful_shutdown = max(1, round(SHUTDOWN_SECONDS - (monotonic() - began)))
        await super().shutdown(sockets)


async def nothing_to_drain(_seconds: float) -> None:
    """Of an application in which nothing lives long."""


def serve(app: ASGIApp, host: str, port: int, announce: Callable[[str], None], drain: Drain = nothing_to_drain) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way, for at most 5 s.

    Args:
        app: the application.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        announce: is told the origin, such as `http://127.0.0.1:8000`, once the server answers there.
        drain: is awaited when the server accepts nothing new any more; by when it should be over, in seconds.

    Raises:
        CannotListenError: with one line that says why.
        NotStartedError: the application failed to start.
    """
    address = host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listening = socket.create_server((address, port), family=family, backlog=2048)
    except OSError as error:
        raise CannotListenError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    shown = f"[{address}]" if family == socket.AF_INET6 else address
    origin = f"http://{shown}:{listening.getsockname()[1]}"
    server = Server(uvicorn.Config(app, **options()), lambda: announce(origin), drain)
    try:
        server.run(sockets=[listening])
    except SystemExit as error:
        raise NotStartedError from error
    finally:
        listening.close()
