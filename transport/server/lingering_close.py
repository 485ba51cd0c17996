"""Lingering close: a response that is sent before the request has ended must still arrive.

A socket that is closed with unread input is reset, and the reset may overtake the response (RFC 9112, 9.6). So only the
sending half is closed, and further input is discarded: for some seconds and up to a size.
"""

from asyncio import AbstractEventLoop, TimerHandle, Transport
from typing import Final

MAX_DISCARD_BYTES: Final = 64 * 1024 * 1024


class LingeringClose:
    """Stands in for a connection's transport where a response is written; differs from it in `close`."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop, seconds: float) -> None:
        self._transport = transport
        self._loop = loop
        self._seconds = seconds
        self._discarded = 0
        self._timer: TimerHandle | None = None
        self.write = transport.write
        self.is_lingering = False
        """Whether input must be passed to `discard`."""
        self.request_complete = False
        """Whether the client has sent its whole request, so that an immediate close is safe."""

    def is_closing(self) -> bool:
        return self.is_lingering or self._transport.is_closing()

    def close(self) -> None:
        """Close at once after a whole request, else linger."""
        if self.request_complete or self.is_closing() or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()
            self.is_lingering = True
            self._timer = self._loop.call_later(self._seconds, self._transport.close)

    def discard(self, size: int) -> None:
        """Count discarded input, and close when it is too much."""
        self._discarded += size
        if self._discarded > MAX_DISCARD_BYTES:
            self._transport.close()

    def connection_lost(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
