"""The body of a POST: JSON, in UTF-8, of bounded size, from a client that does not dawdle."""

import asyncio

from starlette.types import Receive, Scope

from transport.deadlines import Deadlines
from transport.errors import RequestError, bad_request
from transport.http.disconnect import ClientDisconnected
from transport.http.headers import header_values
from transport.results import shutdown_error
from transport.settings import Limits

CONNECTION_CLOSE = (("connection", "close"),)
"""Beside an answer that comes before the whole body: what is still under way is no request."""


def check_content_type(scope: Scope) -> None:
    """Refuse a body that does not say it is JSON in UTF-8, uncompressed. Browsers ask first before they send that from
    a foreign page, and send anything else without."""
    types = header_values(scope, b"content-type")
    if len(types) != 1 or not is_json(types[0]):
        raise bad_request("The Content-Type must be application/json, in UTF-8.", status=415)
    if any(value.strip().lower() != "identity" for value in header_values(scope, b"content-encoding")):
        raise bad_request("The body must not be compressed.", status=415)


def is_json(content_type: str) -> bool:
    """Whether a Content-Type is `application/json`, with no charset but UTF-8."""
    name, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [
        value.strip(' "') for key, _, value in (p.partition("=") for p in parameters) if key.strip() == "charset"
    ]
    return name == "application/json" and all(charset in ("utf-8", "utf8") for charset in charsets)


class BodyReader:
    """A body on its way, from a client that may be slow, but does not dawdle."""

    def __init__(self, receive: Receive, limits: Limits, deadlines: Deadlines) -> None:
        self._receive = receive
        self._limits = limits
        self._deadlines = deadlines
        self._time = asyncio.get_running_loop().time
        self._deadline = self._time() + limits.body_seconds

    async def read_chunk(self) -> tuple[bytes, bool]:
        """The next piece, and whether there are more.

        Raises Refusal with 408 if the client pauses for too long or is too slow on the whole, and with 503 if the
        server stops; ClientGoneError if the client leaves.
        """
        now = self._time()
        if now >= self._deadline:
            raise body_timeout()  # what has come already is received without waiting, and would never be late
        try:
            async with self._deadlines.at(min(now + self._limits.body_idle_seconds, self._deadline)):
                message = await self._receive()
        except TimeoutError:
            raise shutdown_error() if self._deadlines.all_expired else body_timeout() from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunk: bytes = message.get("body", b"")
        self._deadline += len(chunk) / self._limits.body_bytes_per_second
        return chunk, message.get("more_body", False)


async def read_body(scope: Scope, reader: BodyReader, limits: Limits) -> bytes:
    """The whole body.

    Raises Refusal with 413 as soon as it is known to be too long, and what `Arriving.piece` raises.
    """
    length = declared_length(scope)
    if length is not None and length > limits.body_bytes:
        raise body_too_large(limits)
    body, more = await reader.read_chunk()
    if more:
        # Not a list of pieces: each may be one byte, and would take fifty.
        buffer = bytearray(body)
        while len(buffer) <= limits.body_bytes and more:
            chunk, more = await reader.read_chunk()
            buffer += chunk
        body = bytes(buffer)
    if len(body) > limits.body_bytes:
        raise body_too_large(limits)
    return body


def declared_length(scope: Scope) -> int | None:
    """The Content-Length; None if there is none."""
    lengths = header_values(scope, b"content-length")
    if not lengths:
        return None
    if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 20):
        raise bad_request("The Content-Length is malformed.", headers=CONNECTION_CLOSE)
    return int(lengths[0])


def body_timeout() -> RequestError:
    """The body does not arrive."""
    return bad_request("The body did not arrive in time.", status=408, headers=CONNECTION_CLOSE)


def body_too_large(limits: Limits) -> RequestError:
    """The body is longer than allowed."""
    return bad_request(f"The body is longer than {limits.body_bytes:,} bytes.", status=413, headers=CONNECTION_CLOSE)
