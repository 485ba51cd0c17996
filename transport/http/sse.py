"""Server-sent events: the GraphQL over SSE protocol, distinct connections mode, and the browser's EventSource."""

from typing import Final

from transport.errors import Headers
from transport.subscriptions import Frame

CONTENT_TYPE: Final = "text/event-stream; charset=utf-8"
HEADERS: Final[Headers] = (
    ("cache-control", "no-cache, no-store"),
    ("x-accel-buffering", "no"),
    ("x-content-type-options", "nosniff"),
    ("vary", "Accept"),
)

PREAMBLE: Final = b":\n\n"
"""A comment. Proxies pass the headers on with the first bytes of the body."""
COMPLETE: Final = b"event: complete\ndata:\n\n"
"""With an empty `data`, as EventSource dispatches no event without the field."""
ABORTED: Final = b": the server ends this stream, reconnect\n\n"
"""Clients reconnect because there is no `complete`."""


def encode_event(frame: Frame) -> bytes:
    """Encode a result or heartbeat. EventSource stores the id of an event without data, and dispatches nothing."""
    id_ = b""
    if frame.cursor is not None and frame.cursor.isprintable():  # a line break would start another field
        id_ = b"id: " + frame.cursor.encode() + b"\n"
    if not frame.payload:
        return id_ + PREAMBLE
    return b"event: next\n" + id_ + b"data: " + frame.payload + b"\n\n"
