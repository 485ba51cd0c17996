"""Server with small batches and socket buffers: `python -m tests.chaos.small_batches_server serve …`.

`SMALL_FACTOR` (default 5) multiplies the smallest batch sizes.
"""

import os
import socket
from typing import Any

from main import cli
from tests.chaos.transports import SOCKET_BUFFER_BYTES
from tests.subscriptions.small_batches import shrink_batches

_create_server = socket.create_server


def _with_small_buffers(*args: Any, **kwargs: Any) -> socket.socket:
    listener = _create_server(*args, **kwargs)
    # Accepted connections inherit it.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
    return listener


def main() -> None:
    shrink_batches(setattr, factor=int(os.environ.get("SMALL_FACTOR", "5")))
    socket.create_server = _with_small_buffers
    cli()


if __name__ == "__main__":
    main()
