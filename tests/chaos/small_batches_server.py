"""A server in which little fits: `python -m tests.chaos.small_batches_server serve …`.

Whatever the feed cuts into parts is cut into small ones, and the system keeps little of what a client does not read.
`SMALL_FACTOR` says how small: the least that can be, times this, or 5.
"""

import os
import socket
from typing import Any

from main import cli
from tests.chaos.transports import WINDOW
from tests.feed.small_batches import make_small

_listen = socket.create_server


def _narrow(*args: Any, **kwargs: Any) -> socket.socket:
    listening = _listen(*args, **kwargs)
    # Connections have it from the socket that they come in by.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WINDOW)
    return listening


def main() -> None:
    """Serve, narrowly."""
    make_small(setattr, factor=int(os.environ.get("SMALL_FACTOR", "5")))
    socket.create_server = _narrow
    cli()


if __name__ == "__main__":
    main()
