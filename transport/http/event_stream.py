"""Server-sent events: the GraphQL over SSE protocol, distinct connections mode, and the browser's EventSource."""

from transport.errors import Headers
from transport.streams import Frame

CONTENT_TYPE = "text/event-stream; charset=utf-8"
HEADERS: Headers = (
    ("cache-control", "no-cache, no-store"),
    ("x-accel-buffering", "no"),
    ("x-content-type-options", "nosniff"),
    ("vary", "Accept"),
)

BEGINNING = b":\n\n"
"""A comment: whatever stands between passes the headers on with the first bytes."""
END = b"event: complete\ndata:\n\n"
"""EventSource hears only of events with data, be it empty."""
CUT = b": the server ends this stream, come back\n\n"
"""Without `complete`, clients do."""


def event(frame: Frame) -> bytes:
    """One result, or a heartbeat."""
    if not frame.payload:
        return BEGINNING
    cursor = frame.cursor
    if cursor is None or not cursor.isprintable():  # a line break in it would begin another field
        return b"event: next\ndata: " + frame.payload + b"\n\n"
    return b"event: next\nid: " + cursor.encode() + b"\ndata: " + frame.payload + b"\n\n"
