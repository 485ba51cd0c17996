"""Hearing a client out: an answer that comes while the client still sends must not be lost.

A socket that is closed with something unread is reset, and the reset may overtake the answer. So only the sending half
is closed, and what still comes is thrown away: for a while, and up to a size.
"""

from asyncio import AbstractEventLoop, TimerHandle, Transport
from typing import Final

MAX_DISCARD_BYTES: Final = 64 * 1024 * 1024


class LingeringClose:
    """A socket's transport for who writes an answer and hangs up; it differs from it only in how it is closed."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop, seconds: float) -> None:
        self._transport = transport
        self._loop = loop
        self._seconds = seconds
        self._discarded = 0
        self._timer: TimerHandle | None = None
        self.write = transport.write
        self.request_complete = False
        """Whether the client has sent its whole request, so that there is nothing to hear."""

    @property
    def is_lingering(self) -> bool:
        """Whether the answer is given, and what comes now goes to `hear`."""
        return self._timer is not None

    def is_closing(self) -> bool:
        """Whether nothing can be written any more."""
        return self.is_lingering or self._transport.is_closing()

    def close(self) -> None:
        """Hang up when the client has been heard out."""
        if self.request_complete or self.is_closing() or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()
            self._timer = self._loop.call_later(self._seconds, self._transport.close)

    def discard(self, size: int) -> None:
        """So many bytes have come."""
        self._discarded += size
        if self._discarded > MAX_DISCARD_BYTES:
            self._transport.close()

    def connection_lost(self) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
