"""Streams in parts: Apollo's multipart subscriptions (`subscriptionSpec=1.0`), and results in parts
(`incrementalSpec=v0.2`).

A client can read a part when it has seen the boundary after it, so each is sent with its end.
"""

from transport.errors import Headers
from transport.subscriptions import Frame

SUBSCRIPTION_TYPE = 'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0'
INCREMENTAL_TYPE = 'multipart/mixed; boundary="graphql"; incrementalSpec=v0.2'
HEADERS: Headers = (
    ("cache-control", "no-store"),
    ("x-accel-buffering", "no"),
    ("x-content-type-options", "nosniff"),
    ("vary", "Accept"),
)

PREAMBLE = b"\r\n--graphql"
COMPLETE = b"--\r\n"
ABORTED_PAYLOAD = (
    b'{"payload":null,"errors":[{"message":"The server ends this stream; come back.",'
    b'"extensions":{"code":"SERVICE_UNAVAILABLE"}}]}'
)


def encode_part(json: bytes) -> bytes:
    """One part, with the boundary after it."""
    return b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n" + json + b"\r\n--graphql"


def encode_payload(frame: Frame) -> bytes:
    """A part of a subscription: a result, a heartbeat, or that the stream itself failed."""
    if not frame.payload:
        return encode_part(b"{}")
    if frame.failed:
        return encode_part(b'{"payload":null,' + frame.payload[1:])
    return encode_part(b'{"payload":' + frame.payload + b"}")


def encode_incremental(frame: Frame) -> bytes:
    """A part of one result."""
    return encode_part(frame.payload)


ABORTED = encode_part(ABORTED_PAYLOAD) + COMPLETE
