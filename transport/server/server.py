"""The process that listens: uvicorn with settings under which nothing waits for ever, and an end in good order."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import ChangeReload

from transport.server.gc_tuning import tune_gc
from transport.server.http_protocol import HttpProtocol
from transport.websocket import MAX_MESSAGE_BYTES, WebSocketProtocol

DRAIN_SECONDS: Final = 2.0
"""From the word to stop: streams and sockets are ended, spread over this time."""
REQUEST_SECONDS: Final = 3.5
"""From the word to stop: requests that were begun are answered; then they are cut off, and told so."""
ABORT_SECONDS: Final = 0.5
"""What those have to say so."""
LISTENER_COPIES: Final = 32
"""As often a socket is listened on: at each the event loop lets in one connection before it does something else. One
door is too narrow for the thousands that come back after a restart: requests would queue behind them for seconds."""
BACKLOG: Final = 4096
"""Connections that wait to be let in; what comes then has to try again, after a second and more."""
CLOSE_SECONDS: Final = 1
"""What is left after that, such as an answer that its client does not take, is closed after this time."""


class CannotListenError(Exception):
    """The address is taken, or not this machine's."""


class NotStartedError(Exception):
    """The application did not start."""


class Drainable(Protocol):
    """What outlives single requests, and what is under way."""

    async def close(self, seconds: float) -> None:
        """Begin nothing new that lasts, and end what lasts, spread over so many seconds."""

    def abort(self) -> None:
        """End whatever is still under way, now."""


class NoopDrainable:
    """Of an application in which nothing lives long."""

    async def close(self, seconds: float) -> None:
        """There is nothing to end."""

    def abort(self) -> None:
        """There is nothing to cut."""


def uvicorn_options() -> dict[str, Any]:
    """What uvicorn is told: nothing waits for ever, nothing is said that clients need not know."""
    return {
        "http": HttpProtocol,
        "loop": "uvloop",
        "ws": WebSocketProtocol,
        "ws_max_size": MAX_MESSAGE_BYTES,
        "ws_max_queue": 8,
        "ws_per_message_deflate": False,  # costs more than it saves on small messages
        "ws_ping_interval": None,  # the GraphQL protocol has pings of its own
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
    """A server that answers what was asked, and lets what lives long end, before it closes every connection."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None], drainable: Drainable) -> None:
        super().__init__(config)
        self._announce = announce
        self._drainable = drainable

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        listeners = [
            copy for listener in sockets or () for copy in (listener, *dup_listener(listener, LISTENER_COPIES - 1))
        ]
        await super().startup(listeners or None)
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing new, end what lives long, answer what was asked, cut the rest, close."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        started = monotonic()
        await self._drainable.close(DRAIN_SECONDS)
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, HttpProtocol):
                connection.shutdown()
        await self._wait_for_requests(started + REQUEST_SECONDS)
        self._drainable.abort()
        await self._wait_for_requests(monotonic() + ABORT_SECONDS)
        await super().shutdown(sockets)

    async def _wait_for_requests(self, deadline: float) -> None:
        """Wait till nothing is under way, or it is late, or somebody has lost patience (Ctrl+C again)."""
        while (tasks := tuple(self.server_state.tasks)) and monotonic() < deadline and not self.force_exit:
            await asyncio.wait(tasks, timeout=0.05)


def serve(
    app: ASGIApp, host: str, port: int, announce: Callable[[str], None], drainable: Drainable | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way, for at most 5 s.

    Args:
        app: the application.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        announce: is told the origin, such as `http://127.0.0.1:8000`, once the server answers there.
        living: what has to end when the server stops.

    Raises:
        CannotListenError: with one line that says why.
        NotStartedError: the application failed to start.
    """
    with listen(host, port) as listener:
        run(app, [listener], partial(announce, origin(host, listener)), drainable)


def serve_reloading(
    run_worker: Callable[[list[socket.socket] | None], None],
    folder: Path,
    host: str,
    port: int,
    announce: Callable[[str], None],
) -> None:
    """Serve in a process that starts anew whenever a file of Python code in a folder changes.

    Args:
        again: called in each such process; hands the sockets to `run`. Must be found by its name.
        folder: where the code is.
        host: as for `serve`.
        port: as for `serve`.
        announce: is told the origin before the first process has started.

    Raises:
        CannotListenError: with one line that says why.
    """
    with listen(host, port) as listener:
        announce(origin(host, listener))
        config = uvicorn.Config("", **uvicorn_options() | {"reload": True, "reload_dirs": [str(folder)]})
        ChangeReload(config, run_worker, [listener]).run()


def run(
    app: ASGIApp, sockets: list[socket.socket] | None, announce: Callable[[], None], drainable: Drainable | None = None
) -> None:
    """Serve on sockets that listen already. Otherwise like `serve`."""
    tune_gc()
    try:
        Server(uvicorn.Config(app, **uvicorn_options()), announce, drainable or NoopDrainable()).run(sockets=sockets)
    except SystemExit as error:
        raise NotStartedError from error


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises CannotListenError."""
    address = host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListenError(f"cannot listen on {host}:{port}: {error.strerror}") from error


def dup_listener(listener: socket.socket, count: int) -> list[socket.socket]:
    """The same socket again, so many times."""
    return [listener.dup() for _ in range(count)]


def origin(host: str, listener: socket.socket) -> str:
    """Where a browser finds what listens."""
    address = host.strip("[]")
    return f"http://{f'[{address}]' if ':' in address else address}:{listener.getsockname()[1]}"
