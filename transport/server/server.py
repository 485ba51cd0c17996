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

from transport.server.gc_tuning import collect_seldom
from transport.server.http_protocol import HttpProtocol
from transport.websocket import MESSAGE_BYTES, WebSocketProtocol

DRAIN_SECONDS: Final = 2.0
"""From the word to stop: streams and sockets are ended, spread over this time."""
ANSWER_SECONDS: Final = 3.5
"""From the word to stop: requests that were begun are answered; then they are cut off, and told so."""
CUT_SECONDS: Final = 0.5
"""What those have to say so."""
DOORS: Final = 32
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


class Living(Protocol):
    """What outlives single requests, and what is under way."""

    async def close(self, seconds: float) -> None:
        """Begin nothing new that lasts, and end what lasts, spread over so many seconds."""

    def cut(self) -> None:
        """End whatever is still under way, now."""


class Nothing:
    """Of an application in which nothing lives long."""

    async def close(self, seconds: float) -> None:
        """There is nothing to end."""

    def cut(self) -> None:
        """There is nothing to cut."""


def options() -> dict[str, Any]:
    """What uvicorn is told: nothing waits for ever, nothing is said that clients need not know."""
    return {
        "http": HttpProtocol,
        "loop": "uvloop",
        "ws": WebSocketProtocol,
        "ws_max_size": MESSAGE_BYTES,
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

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None], living: Living) -> None:
        super().__init__(config)
        self._announce = announce
        self._living = living

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        doors = [door for listening in sockets or () for door in (listening, *copies(listening, DOORS - 1))]
        await super().startup(doors or None)
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing new, end what lives long, answer what was asked, cut the rest, close."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        began = monotonic()
        await self._living.close(DRAIN_SECONDS)
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, HttpProtocol):
                connection.shutdown()
        await self._answered(began + ANSWER_SECONDS)
        self._living.cut()
        await self._answered(monotonic() + CUT_SECONDS)
        await super().shutdown(sockets)

    async def _answered(self, until: float) -> None:
        """Wait till nothing is under way, or it is late, or somebody has lost patience (Ctrl+C again)."""
        while (tasks := tuple(self.server_state.tasks)) and monotonic() < until and not self.force_exit:
            await asyncio.wait(tasks, timeout=0.05)


def serve(app: ASGIApp, host: str, port: int, announce: Callable[[str], None], living: Living | None = None) -> None:
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
    with listen(host, port) as listening:
        run(app, [listening], partial(announce, origin(host, listening)), living)


def serve_reloading(
    again: Callable[[list[socket.socket] | None], None],
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
    with listen(host, port) as listening:
        announce(origin(host, listening))
        config = uvicorn.Config("", **options() | {"reload": True, "reload_dirs": [str(folder)]})
        ChangeReload(config, again, [listening]).run()


def run(
    app: ASGIApp, sockets: list[socket.socket] | None, announce: Callable[[], None], living: Living | None = None
) -> None:
    """Serve on sockets that listen already. Otherwise like `serve`."""
    collect_seldom()
    try:
        Server(uvicorn.Config(app, **options()), announce, living or Nothing()).run(sockets=sockets)
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


def copies(listening: socket.socket, count: int) -> list[socket.socket]:
    """The same socket again, so many times."""
    return [listening.dup() for _ in range(count)]


def origin(host: str, listening: socket.socket) -> str:
    """Where a browser finds what listens."""
    address = host.strip("[]")
    return f"http://{f'[{address}]' if ':' in address else address}:{listening.getsockname()[1]}"
