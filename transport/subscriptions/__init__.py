"""Answers of one or many results: `Streams.open` is the way in for every transport that can carry them.

`answers` is what comes out; `opening` decides what kind of answer a request has; `incremental` gives the parts of one
result; `subscription` is one subscriber, `beginning` how it begins, `waiting` what it has not taken yet, and `groups`
those who are told the same; `items` executes what their source (`transport.subscriptions.source`) tells.
"""

from transport.subscriptions.dispatcher import StreamManager, StreamOptions
from transport.subscriptions.responses import (
    HEARTBEAT,
    Frame,
    FrameStream,
    ResponseKind,
    ServerShutdown,
    SlowConsumer,
    StreamClosed,
    StreamResponse,
)

__all__ = [
    "HEARTBEAT",
    "Frame",
    "FrameStream",
    "ResponseKind",
    "ServerShutdown",
    "SlowConsumer",
    "StreamClosed",
    "StreamManager",
    "StreamOptions",
    "StreamResponse",
]
