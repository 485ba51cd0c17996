"""Streams of results, over any transport that can carry them. `StreamManager.open` is the way in.

`dispatcher` chooses the kind of response (`responses`): one result, a result in parts (`incremental`) or a
subscription (`subscriber`). A subscriber first reads its own `catch_up`, then the live items of its group (`fanout`):
each item of a `source` is executed once for the group (`event_executor`). `backpressure` bounds what may stay unread.
"""

from transport.subscriptions.dispatcher import StreamManager
from transport.subscriptions.responses import (
    HEARTBEAT,
    AccessEnded,
    Frame,
    FrameStream,
    ServerShutdown,
    SlowConsumer,
    StreamClosed,
    StreamOptions,
    StreamResponse,
)

__all__ = [
    "HEARTBEAT",
    "AccessEnded",
    "Frame",
    "FrameStream",
    "ServerShutdown",
    "SlowConsumer",
    "StreamClosed",
    "StreamManager",
    "StreamOptions",
    "StreamResponse",
]
