"""Streams in multipart bodies: Apollo's subscriptions (`subscriptionSpec=1.0`), and deferred results
(`incrementalSpec=v0.2`)."""

from typing import Final

from transport.http.responses import StreamEncoding
from transport.subscriptions import Frame

PREAMBLE: Final = b"\r\n--graphql"
COMPLETE: Final = b"--\r\n"


def encode_part(json: bytes) -> bytes:
    """Encode one part with the boundary after it: a client cannot know the end of the part without."""
    return b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n" + json + b"\r\n--graphql"


def encode_payload(frame: Frame) -> bytes:
    """Encode a part of a subscription: a result, a heartbeat, or the error of the stream itself."""
    if not frame.payload:
        return encode_part(b"{}")
    if frame.failed:
        return encode_part(b'{"payload":null,' + frame.payload[1:])
    return encode_part(b'{"payload":' + frame.payload + b"}")


def encode_incremental(frame: Frame) -> bytes:
    return encode_part(frame.payload)


MULTIPART_SUBSCRIPTION: Final = StreamEncoding(
    content_type='multipart/mixed; boundary="graphql"; subscriptionSpec=1.0',
    preamble=PREAMBLE,
    encode=encode_payload,
    complete=COMPLETE,
    aborted=encode_part(
        b'{"payload":null,"errors":[{"message":"The server ends this stream; reconnect.",'
        b'"extensions":{"code":"SERVICE_UNAVAILABLE"}}]}'
    )
    + COMPLETE,
)
MULTIPART_INCREMENTAL: Final = StreamEncoding(
    content_type='multipart/mixed; boundary="graphql"; incrementalSpec=v0.2',
    preamble=PREAMBLE,
    encode=encode_incremental,
    complete=COMPLETE,
    aborted=COMPLETE,
)
