"""uvicorn's cycle of one HTTP request and response, with heads that are encoded once and sent with their bodies."""

from functools import lru_cache
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

BODY: Final = "http.response.body"
FRAMING: Final = frozenset({b"connection", b"content-length", b"transfer-encoding"})
"""Headers that say where the response and the connection end."""


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
        head = self._encode_head(message["status"], [*self.default_headers, *message.get("headers", ())])
        if self.chunked_encoding is False and self.scope["method"] != "HEAD":
            self._head = head
        else:
            self.transport.write(head)

    def _encode_head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Encode status and headers as uvicorn does, which searches each header of each response for mistakes."""
        closes = False
        lines = [STATUS_LINE[status]]
        for name, value in headers:
            lines.append(header_line(name, value))
            if (lower_name := name.lower()) in FRAMING:
                closes |= self._note_framing(lower_name, value)
        if closes:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in (204, 304):
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _note_framing(self, name: bytes, value: bytes) -> bool:
        """Note how the body ends. Returns whether the response closes the connection."""
        if name == b"content-length" and self.chunked_encoding is None:
            self.expected_content_length = int(value)
            self.chunked_encoding = False
        elif name == b"transfer-encoding" and value.lower() == b"chunked":
            self.expected_content_length = 0
            self.chunked_encoding = True
        return name == b"connection" and b"close" in [token.strip() for token in value.lower().split(b",")]


@lru_cache(maxsize=1024)
def header_line(name: bytes, value: bytes) -> bytes:
    """Encode a header; most responses have the same. Raises RuntimeError if it could be taken for two."""
    if HEADER_RE.search(name):
        raise RuntimeError("Invalid HTTP header name.")
    if HEADER_VALUE_RE.search(value):
        raise RuntimeError("Invalid HTTP header value.")
    return b"%b: %b\r\n" % (name.lower(), value)
