"""The body of a POST: JSON, in UTF-8, of bounded size, from a client that does not dawdle."""

import asyncio

from starlette.types import Message, Receive, Scope

from transport.errors import Refusal, bad_request
from transport.http.disconnect import ClientGoneError
from transport.http.headers import values
from transport.settings import Limits

CLOSE = (("connection", "close"),)
"""Beside an answer that comes before the whole body: what is still under way is no request."""


def check_content_type(scope: Scope) -> None:
    """Refuse a body that does not say it is JSON in UTF-8, uncompressed. Browsers ask first before they send that from
    a foreign page, and send anything else without."""
    types = values(scope, b"content-type")
    if len(types) != 1 or not is_json(types[0]):
        raise bad_request("The Content-Type must be application/json, in UTF-8.", status=415)
    if any(value.strip().lower() != "identity" for value in values(scope, b"content-encoding")):
        raise bad_request("The body must not be compressed.", status=415)


def is_json(content_type: str) -> bool:
    """Whether a Content-Type is `application/json`, with no charset but UTF-8."""
    name, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [
        value.strip(' "') for key, _, value in (p.partition("=") for p in parameters) if key.strip() == "charset"
    ]
    return name == "application/json" and all(charset in ("utf-8", "utf8") for charset in charsets)


async def read_body(scope: Scope, receive: Receive, limits: Limits) -> bytes:
    """The whole body.

    Raises Refusal with 413 as soon as it is known to be too long, and with 408 if the client pauses for too long;
    ClientGoneError if it leaves.
    """
    length = declared_length(scope)
    if length is not None and length > limits.body_bytes:
        raise too_large(limits)
    message = await next_message(receive, limits)
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        # Not a list of pieces: each may be one byte, and would take fifty.
        gathered = bytearray(body)
        while len(gathered) <= limits.body_bytes and message.get("more_body", False):
            message = await next_message(receive, limits)
            gathered += message.get("body", b"")
        body = bytes(gathered)
    if len(body) > limits.body_bytes:
        raise too_large(limits)
    return body


def declared_length(scope: Scope) -> int | None:
    """The Content-Length; None if there is none."""
    lengths = values(scope, b"content-length")
    if not lengths:
        return None
    if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 20):
        raise bad_request("The Content-Length is malformed.", headers=CLOSE)
    return int(lengths[0])


async def next_message(receive: Receive, limits: Limits) -> Message:
    """The next piece of the body."""
    try:
        async with asyncio.timeout(limits.body_idle_seconds):
            message = await receive()
    except TimeoutError:
        raise bad_request("The body did not arrive in time.", status=408, headers=CLOSE) from None
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message


def too_large(limits: Limits) -> Refusal:
    """The body is longer than allowed."""
    return bad_request(f"The body is longer than {limits.body_bytes:,} bytes.", status=413, headers=CLOSE)
