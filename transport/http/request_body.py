"""Request bodies: media type, protection against cross-site requests, size limits and time limits."""

import asyncio
from typing import Final

from starlette.types import Receive

from transport.deadlines import DeadlineExpired, Deadlines
from transport.errors import Headers, RequestError, bad_request
from transport.http.disconnect import ClientDisconnected
from transport.http.headers import RequestHeaders
from transport.results import shutdown_error
from transport.settings import Limits

# Sent with a response that precedes the end of the body: what still arrives is no request.
CONNECTION_CLOSE: Final[Headers] = (("connection", "close"),)

MULTIPART_FORM: Final = "multipart/form-data"
JSON: Final = "application/json"

PREFLIGHT_HEADERS: Final = (b"graphql-require-preflight", b"apollo-require-preflight", b"x-apollo-operation-name")


def content_type(headers: RequestHeaders, *, allow_multipart: bool) -> str:
    """Return the media type of the body.

    Raises RequestError with 415 unless that is uncompressed JSON in UTF-8, or a multipart form. Other types are refused
    because browsers send them from foreign pages without a preflight.
    """
    types = headers.values(b"content-type")
    media_type = JSON if types == [JSON] else parse_content_type(types[0]) if len(types) == 1 else None
    if media_type != JSON and not (allow_multipart and media_type == MULTIPART_FORM):
        raise bad_request("The Content-Type must be application/json, in UTF-8.", status=415)
    encodings = headers.values(b"content-encoding")
    if encodings and any(value.strip().lower() != "identity" for value in encodings):
        raise bad_request("The body must not be compressed.", status=415, headers=CONNECTION_CLOSE)
    return media_type


def check_preflight(headers: RequestHeaders) -> None:
    """Raise RequestError unless a header shows that there was a preflight, or no browser.

    Browsers send multipart bodies to other origins without asking the server, but no header of the page's choice.
    """
    if not any(value.strip() for name in PREFLIGHT_HEADERS for value in headers.values(name)):
        message = (
            "A request of this kind could come from any web page (CSRF): it needs the header "
            "GraphQL-Require-Preflight: 1 (or Apollo-Require-Preflight, or X-Apollo-Operation-Name)."
        )
        raise bad_request(message, headers=CONNECTION_CLOSE)


def parse_content_type(text: str) -> str | None:
    """Return the media type; None for JSON in a charset other than UTF-8."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    charsets = [value.strip(' "') for key, _, value in pairs if key.strip() == "charset"]
    is_utf8 = all(charset in ("utf-8", "utf8") for charset in charsets)
    return name if is_utf8 or name != JSON else None


class BodyReader:
    """Reads a body in chunks, from a client that may be slow but must make progress."""

    def __init__(self, receive: Receive, limits: Limits, deadlines: Deadlines) -> None:
        self._receive = receive
        self._limits = limits
        self._deadlines = deadlines
        self._time = asyncio.get_running_loop().time
        self._deadline = self._time() + limits.body_seconds

    async def read_chunk(self) -> tuple[bytes, bool]:
        """Return the next chunk, and whether there are more.

        Raises RequestError with 408 if the client pauses for too long or is too slow on the whole, and with 503 if the
        server stops; ClientDisconnected if the client disconnects.
        """
        now = self._time()
        if now >= self._deadline:
            raise body_timeout()  # chunks that have arrived are received without waiting, and would never time out
        try:
            seconds = min(self._limits.body_idle_seconds, self._deadline - now)
            message = await self._deadlines.run(self._receive(), seconds)
        except DeadlineExpired:
            raise shutdown_error() if self._deadlines.all_expired else body_timeout() from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunk: bytes = message.get("body", b"")
        self._deadline += len(chunk) / self._limits.body_bytes_per_second
        return chunk, message.get("more_body", False)


async def read_body(headers: RequestHeaders, reader: BodyReader, limits: Limits) -> bytes:
    """Read the whole body. Raises RequestError with 413 as soon as it is known to be too long."""
    check_content_length(headers, limits.body_bytes)
    body, more = await reader.read_chunk()
    if more:
        # Not a list of chunks: one of a single byte takes fifty.
        buffer = bytearray(body)
        while len(buffer) <= limits.body_bytes and more:
            chunk, more = await reader.read_chunk()
            buffer += chunk
        body = bytes(buffer)
    if len(body) > limits.body_bytes:
        raise body_too_large(limits.body_bytes)
    return body


def check_content_length(headers: RequestHeaders, maximum: int) -> None:
    """Raise RequestError if the Content-Length is malformed (400) or too large (413)."""
    lengths = headers.values(b"content-length")
    if not lengths:
        return
    if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 20):
        raise bad_request("The Content-Length is malformed.", headers=CONNECTION_CLOSE)
    if int(lengths[0]) > maximum:
        raise body_too_large(maximum)


def body_timeout() -> RequestError:
    return bad_request("The body did not arrive in time.", status=408, headers=CONNECTION_CLOSE)


def body_too_large(maximum: int) -> RequestError:
    return bad_request(f"The body is longer than {maximum:,} bytes.", status=413, headers=CONNECTION_CLOSE)
