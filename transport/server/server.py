"""uvicorn with timeouts, many listeners and a graceful shutdown."""

import asyncio
import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any, Final, Protocol

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import ChangeReload

from transport.noop import noop
from transport.request_log import flush_log
from transport.server.descriptors import raise_descriptor_limit
from transport.server.gc_tuning import tune_gc
from transport.server.http_protocol import HttpProtocol
from transport.server.websocket_protocol import MAX_MESSAGE_BYTES, WebSocketProtocol

log = structlog.get_logger(__name__)

DRAIN_SECONDS: Final = 2.0
"""From the signal: streams and WebSockets are closed, spread over this time."""
REQUEST_SECONDS: Final = 3.5
"""From the signal: running requests may finish; then they are aborted with status 503."""
ABORT_SECONDS: Final = 0.5
"""Time for aborted requests to send their 503."""
CLOSE_SECONDS: Final = 1
"""Time for what is left, such as a response that its client does not read."""
LISTENER_COPIES: Final = 32
"""asyncio accepts one connection per listener and tick of the event loop; 32 duplicates accept 32. With one listener
the backlog overflowed when 10,000 clients reconnected: they came back after the SYN retries of TCP, at 1, 3 and 7 s."""
BACKLOG: Final = 4096
"""Connections that the kernel holds until they are accepted; it drops further ones."""


class CannotListenError(Exception):
    """The address is in use, or is not this machine's."""


class NotStartedError(Exception):
    """The application failed to start."""


class StoppedError(Exception):
    """The application found a fault that only a restart can cure. The message is its reason, in one line."""


class Drainable(Protocol):
    """Long-lived work that ends when the server stops."""

    async def close(self, seconds: float) -> int:
        """Refuse new work, and end what is open, spread over `seconds`. Returns how many streams were open."""

    def abort(self) -> None:
        """End what is still running, now."""


def uvicorn_options() -> dict[str, Any]:
    return {
        "http": HttpProtocol,
        "loop": "uvloop",
        "ws": WebSocketProtocol,
        "ws_max_size": MAX_MESSAGE_BYTES,
        "ws_max_queue": 8,
        "ws_per_message_deflate": False,  # costs more than it saves on small messages
        "ws_ping_interval": None,  # the GraphQL protocol has its own pings
        "lifespan": "on",
        "timeout_keep_alive": 10,
        "timeout_graceful_shutdown": CLOSE_SECONDS,
        "backlog": BACKLOG,
        "server_header": False,
        "proxy_headers": False,
        "access_log": False,
        "log_level": "critical",
    }


class Server(uvicorn.Server):
    """A server that drains streams and finishes requests before it closes connections."""

    def __init__(
        self,
        config: uvicorn.Config,
        announce: Callable[[], None] = noop,
        drainable: Drainable | None = None,
        find_fault: Callable[[], str | None] = noop,
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._drainable = drainable
        self._find_fault = find_fault
        self.fault: str | None = None
        """Why the server stopped by itself."""
        self._started_at = monotonic()
        self._signal: str | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop serving. Before anything is served, end the process: the application may be waiting for a lock."""
        if not self.started:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self._signal = self._signal or signal.Signals(sig).name
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on copies of the sockets, then announce it."""
        copies = [listener.dup() for listener in sockets or () for _ in range(LISTENER_COPIES - 1)]
        await super().startup([*(sockets or ()), *copies] or None)
        self._announce()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop: after a signal, or because of a fault of the application."""
        self.fault = self._find_fault()
        return await super().on_tick(counter) or self.fault is not None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, drain streams, finish requests, abort the rest, close connections."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        started = monotonic()
        streams = 0 if self._drainable is None else await self._drainable.close(DRAIN_SECONDS)
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, HttpProtocol):
                connection.shutdown()
        await self._wait_for_requests(started + REQUEST_SECONDS)
        if self._drainable is not None:
            self._drainable.abort()
        await self._wait_for_requests(monotonic() + ABORT_SECONDS)
        await super().shutdown(sockets)
        log.info(
            "server stopped",
            reason=self._signal or self.fault,
            streams_ended=streams,
            shutdown_seconds=round(monotonic() - started, 3),
            uptime_seconds=round(monotonic() - self._started_at, 3),
        )
        flush_log()  # uvicorn raises the signal again, and Python's exit handlers do not run

    async def _wait_for_requests(self, deadline: float) -> None:
        """Wait until no request is running, the deadline has passed, or Ctrl+C was pressed again."""
        while (tasks := tuple(self.server_state.tasks)) and monotonic() < deadline and not self.force_exit:
            await asyncio.wait(tasks, timeout=0.05)


def serve(
    app: ASGIApp,
    address: tuple[str, int],
    announce: Callable[[str], None],
    drainable: Drainable | None = None,
    find_fault: Callable[[], str | None] = noop,
) -> None:
    """Serve until SIGTERM, SIGINT or a fault of the application, then shut down within 5 s.

    Args:
        app: the application.
        address: the host and port to listen on; port 0 takes a free one.
        announce: called with the origin, such as `http://127.0.0.1:8000`, once the server accepts requests.
        drainable: work that has to end before the server closes its connections.
        find_fault: returns why only a restart can cure the application, or None; called ten times a second.

    Raises:
        CannotListenError: with a message of one line.
        NotStartedError: the application failed to start.
        StoppedError: there was a fault.
    """
    with listen(*address) as listener:
        run(app, [listener], partial(announce, origin(address[0], listener)), drainable, find_fault)


def serve_reloading(
    run_worker: Callable[[list[socket.socket] | None], None],
    folder: Path,
    host: str,
    port: int,
    announce: Callable[[str], None],
) -> None:
    """Serve in a worker process that restarts whenever a Python file in a folder changes.

    Args:
        run_worker: called in each worker; passes the sockets to `run`. Must be importable by its name.
        folder: the folder to watch.
        host, port: the address to listen on.
        announce: called with the origin before the first worker has started.

    Raises:
        CannotListenError: with a message of one line.
    """
    with listen(host, port) as listener:
        announce(origin(host, listener))
        config = uvicorn.Config("", **uvicorn_options() | {"reload": True, "reload_dirs": [str(folder)]})
        ChangeReload(config, run_worker, [listener]).run()


def run(
    app: ASGIApp,
    sockets: list[socket.socket] | None,
    announce: Callable[[], None],
    drainable: Drainable | None = None,
    find_fault: Callable[[], str | None] = noop,
) -> None:
    """Like `serve`, on sockets that are already listening."""
    tune_gc()
    raise_descriptor_limit()
    server = Server(uvicorn.Config(app, **uvicorn_options()), announce, drainable, find_fault)
    try:
        server.run(sockets=sockets)
    except SystemExit as error:
        raise NotStartedError from error
    if server.fault is not None:
        raise StoppedError(server.fault)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises CannotListenError."""
    address = host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # what `create_server` adds says the same again
        raise CannotListenError(f"cannot listen on {host}:{port}: {reason}") from error


def origin(host: str, listener: socket.socket) -> str:
    address = host.strip("[]")
    return f"http://{f'[{address}]' if ':' in address else address}:{listener.getsockname()[1]}"
