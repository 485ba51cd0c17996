"""Server-sent events: the GraphQL over SSE protocol, distinct connections mode, and the browser's EventSource."""

from transport.errors import Headers
from transport.subscriptions import Frame

CONTENT_TYPE = "text/event-stream; charset=utf-8"
HEADERS: Headers = (
    ("cache-control", "no-cache, no-store"),
    ("x-accel-buffering", "no"),
    ("x-content-type-options", "nosniff"),
    ("vary", "Accept"),
)

PREAMBLE = b":\n\n"
"""A comment: whatever stands between passes the headers on with the first bytes."""
COMPLETE = b"event: complete\ndata:\n\n"
"""EventSource hears only of events with data, be it empty."""
ABORTED = b": the server ends this stream, come back\n\n"
"""Without `complete`, clients do."""


def encode_event(frame: Frame) -> bytes:
    """One result, or a heartbeat. EventSource notes the id of an event without data, and tells nobody of it."""
    id_ = b""
    if frame.cursor is not None and frame.cursor.isprintable():  # a line break in it would begin another field
        id_ = b"id: " + frame.cursor.encode() + b"\n"
    if not frame.payload:
        return id_ + PREAMBLE
    return b"event: next\n" + id_ + b"data: " + frame.payload + b"\n\n"
