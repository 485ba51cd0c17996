"""Bytes that are no HTTP. Each is refused, and the connection closed: what follows is no request."""

from typing import Final

import orjson

from tests.bad_inputs.case import CANARY, Row

BODY: Final = orjson.dumps({"query": "{ viewer { name } }"})
LENGTH: Final = f"Content-Length: {len(BODY)}\r\n"
CHUNKED: Final = "Transfer-Encoding: chunked\r\n"


def _wire(head: str, body: bytes = BODY, first: str = "POST /graphql HTTP/1.1\r\nHost: localhost\r\n") -> bytes:
    return f"{first}Content-Type: application/json\r\n{head}\r\n".encode("latin-1") + body


def _closed(what: str, sent: bytes) -> Row:
    return Row(what, sent, 400, graphql=False)


WIRES: Final = [
    _closed("Content-Length and Transfer-Encoding", _wire(LENGTH + CHUNKED, b"0\r\n\r\n")),
    _closed("Transfer-Encoding and Content-Length", _wire(CHUNKED + LENGTH, b"0\r\n\r\n")),
    _closed("two Content-Lengths", _wire(LENGTH + "Content-Length: 5\r\n")),
    _closed("the same Content-Length twice", _wire(LENGTH + LENGTH)),
    _closed("a Content-Length of -1", _wire("Content-Length: -1\r\n")),
    _closed("a Content-Length of letters", _wire(f"Content-Length: {CANARY}\r\n")),
    _closed("a Content-Length beyond 64 bits", _wire("Content-Length: 99999999999999999999999\r\n")),
    _closed("a chunk of no size", _wire(CHUNKED, b"xyz\r\n" + BODY)),
    _closed("a chunk of negative size", _wire(CHUNKED, b"-1\r\n" + BODY)),
    _closed("a chunk that is longer than it says", _wire(CHUNKED, b"1\r\n" + BODY + b"\r\n0\r\n\r\n")),
    _closed("an unknown Transfer-Encoding", _wire("Transfer-Encoding: xchunked\r\n")),
    _closed("NUL in the name of a header", _wire(f"X-\0{CANARY}: 1\r\n{LENGTH}")),
    _closed("NUL in the value of a header", _wire(f"X-Header: a\0{CANARY}\r\n{LENGTH}")),
    _closed("a header that goes on in the next line", _wire(f"X-Header: a\r\n {CANARY}\r\n{LENGTH}")),
    _closed("a header without a colon", _wire(f"{CANARY}\r\n{LENGTH}")),
    _closed("a space before the colon", _wire(f"X-Header : {CANARY}\r\n{LENGTH}")),
    _closed("an unknown method", _wire(LENGTH, first=f"{CANARY} /graphql HTTP/1.1\r\nHost: localhost\r\n")),
    _closed("an unknown version", _wire(LENGTH, first="POST /graphql HTTP/9.9\r\nHost: localhost\r\n")),
    _closed("no request line", b"\0\1\2\3" + CANARY.encode() + b"\r\n\r\n"),
    _closed("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64),
    _closed("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Row("16 MB of headers", _wire(f"X-Header: {CANARY}\r\n" * 700_000), 431, graphql=False),
    Row("one header of 16 MB", _wire(f"X-Header: {'x' * 16_000_000}\r\n"), 431, graphql=False),
    Row("a target of 1 MB", _wire(LENGTH, first=f"POST /graphql?{'x' * 1_000_000} HTTP/1.1\r\n"), 431, graphql=False),
]
