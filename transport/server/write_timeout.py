"""Timeout of clients that do not read: what is buffered for them is the server's memory."""

import socket
from asyncio import AbstractEventLoop, Transport
from collections.abc import Callable
from typing import Final

from transport.idle_timer import IdleTimer

NOTSENT_LOWAT: Final = 128 * 1024
"""Unsent bytes that the kernel may buffer. Its default of megabytes would hide a client that reads slowly."""


def write_timeout(
    transport: Transport, loop: AbstractEventLoop, seconds: float, on_timeout: Callable[[], None]
) -> IdleTimer:
    """Return a timer that expires when the client takes nothing for `seconds` while something is buffered for it."""
    opened = transport.get_extra_info("socket")
    if opened is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT)
    return IdleTimer(loop, seconds, transport.get_write_buffer_size, on_timeout)
