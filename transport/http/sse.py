"""Server-sent events: the GraphQL over SSE protocol, distinct connections mode, and the browser's EventSource."""

from typing import Final

from transport.http.responses import StreamEncoding
from transport.subscriptions import Frame

COMMENT: Final = b":\n\n"


def encode_event(frame: Frame) -> bytes:
    """Encode a result or heartbeat. EventSource stores the id of an event without data, and dispatches nothing."""
    id_ = b""
    if frame.cursor is not None and frame.cursor.isprintable():  # a line break would start another field
        id_ = b"id: " + frame.cursor.encode() + b"\n"
    if not frame.payload:
        return id_ + COMMENT
    return b"event: next\n" + id_ + b"data: " + frame.payload + b"\n\n"


SSE: Final = StreamEncoding(
    content_type="text/event-stream; charset=utf-8",
    preamble=COMMENT,  # proxies pass the headers on with the first bytes of the body
    encode=encode_event,
    complete=b"event: complete\ndata:\n\n",  # EventSource dispatches no event without `data`
    aborted=b": the server ends this stream, reconnect\n\n",  # clients do, as there is no `complete`
)
