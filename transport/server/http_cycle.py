"""uvicorn's cycle of one HTTP request and response, with heads that are encoded once and sent with their bodies."""

from functools import lru_cache
from typing import Any, Final, NamedTuple

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

BODY: Final = "http.response.body"


class HttpCycle(RequestResponseCycle):
    """One request and its response.

    The head of a response with a Content-Length is sent with the first bytes of its body: one write in place of two,
    and one segment. That of any other, such as a stream, is sent at once.
    """

    _head = b""
    """Waits for the body."""

    async def send(self, message: Any) -> None:
        if self.response_started and not self._head:
            return await super().send(message)
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return None
        if not self.response_started:
            return self._start(message)
        head, self._head = self._head, b""
        body = message.get("body", b"")
        if message.get("more_body", False) or len(body) != self.expected_content_length or message["type"] != BODY:
            self.transport.write(head)
            return await super().send(message)
        self.transport.write(head + body)
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        return self.on_response()

    def _start(self, message: Any) -> None:
        if message["type"] != "http.response.start":
            raise RuntimeError(f"Expected ASGI message 'http.response.start', but got '{message['type']}'.")
        self.response_started = True
        self.waiting_for_100_continue = False
        status = message["status"]
        # Apart, as they hold the date.
        defaults, head = encode_headers(tuple(self.default_headers)), encode_headers(tuple(message.get("headers", ())))
        self.chunked_encoding, self.expected_content_length = head.is_chunked, head.length
        lines = [STATUS_LINE[status], defaults.lines, head.lines]
        if head.closes:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in (204, 304):
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        if self.chunked_encoding is False and self.scope["method"] != "HEAD":
            self._head = b"".join(lines)
        else:
            self.transport.write(b"".join(lines))


class EncodedHeaders(NamedTuple):
    """Headers of a response, and what they say about its end."""

    lines: bytes
    is_chunked: bool | None
    """None: they do not say how the body ends."""
    length: int
    closes: bool
    """Whether the connection ends with the response."""


@lru_cache(maxsize=1024)
def encode_headers(headers: tuple[tuple[bytes, bytes], ...]) -> EncodedHeaders:
    """Encode headers as uvicorn does, which searches them for mistakes anew for each response.

    Raises RuntimeError if a header could be taken for two.
    """
    lines: list[bytes] = []
    is_chunked, length, closes = None, 0, False
    for sent_name, value in headers:
        if HEADER_RE.search(sent_name):
            raise RuntimeError("Invalid HTTP header name.")
        if HEADER_VALUE_RE.search(value):
            raise RuntimeError("Invalid HTTP header value.")
        name = sent_name.lower()
        lines.append(b"%b: %b\r\n" % (name, value))
        if name == b"content-length" and is_chunked is None:
            is_chunked, length = False, int(value)
        elif name == b"transfer-encoding" and value.lower() == b"chunked":
            is_chunked, length = True, 0
        elif name == b"connection":
            closes |= b"close" in [token.strip() for token in value.lower().split(b",")]
    return EncodedHeaders(b"".join(lines), is_chunked, length, closes)
