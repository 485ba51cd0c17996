"""Clients that take nothing of what is written to them: whatever waits for them is the server's memory."""

import socket
from asyncio import AbstractEventLoop, TimerHandle, Transport
from collections.abc import Callable
from typing import Final

NOTSENT_LOWAT: Final = 128 * 1024
"""What the system may hold back of what was written, where it can be told: so that it shows who reads slowly."""


class WriteTimeout:
    """Gives up on the client of a connection that takes nothing for `seconds`, though something waits for it."""

    def __init__(
        self, transport: Transport, loop: AbstractEventLoop, seconds: float, on_timeout: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._seconds = seconds
        self._on_timeout = on_timeout
        self._timer: TimerHandle | None = None
        opened_socket = transport.get_extra_info("socket")
        if opened_socket is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            opened_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT)

    def restart(self) -> None:
        """Something was written, or taken: if more waits, the client has its time from now on."""
        self.stop()
        if buffered := self._transport.get_write_buffer_size():
            self._timer = self._loop.call_later(self._seconds, self._check, buffered)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Look never again. Whoever gives up is let go of: it holds this, and would be freed later otherwise."""
        self.stop()
        self._on_timeout = nothing

    def _check(self, buffered_before: int) -> None:
        if self._transport.get_write_buffer_size() < buffered_before:
            self.restart()
        else:
            self._on_timeout()


def nothing() -> None:
    """The client is gone."""
