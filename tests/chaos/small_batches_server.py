"""A server in which little fits: `python -m tests.chaos.small_batches_server serve …`.

Whatever the feed cuts into parts is cut into small ones, and the system keeps little of what a client does not read.
`SMALL_FACTOR` says how small: the least that can be, times this, or 5.
"""

import os
import socket
from typing import Any

from main import cli
from tests.chaos.transports import SOCKET_BUFFER_BYTES
from tests.subscriptions.small_batches import shrink_batches

_create_server = socket.create_server


def _with_small_buffers(*args: Any, **kwargs: Any) -> socket.socket:
    listening = _create_server(*args, **kwargs)
    # Connections have it from the socket that they come in by.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
    return listening


def main() -> None:
    """Serve, narrowly."""
    shrink_batches(setattr, factor=int(os.environ.get("SMALL_FACTOR", "5")))
    socket.create_server = _with_small_buffers
    cli()


if __name__ == "__main__":
    main()
