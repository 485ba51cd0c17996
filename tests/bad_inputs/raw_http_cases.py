"""Cases: malformed HTTP. Each is refused and the connection closed, so that nothing after it counts as a request."""

from typing import Final

import orjson

from tests.bad_inputs.case import CANARY, Case

BODY: Final = orjson.dumps({"query": "{ viewer { name } }"})
LENGTH: Final = f"Content-Length: {len(BODY)}\r\n"
CHUNKED: Final = "Transfer-Encoding: chunked\r\n"


def _raw_request(head: str, body: bytes = BODY, first: str = "POST /graphql HTTP/1.1\r\nHost: localhost\r\n") -> bytes:
    return f"{first}Content-Type: application/json\r\n{head}\r\n".encode("latin-1") + body


def _rejected_and_closed(title: str, request: bytes) -> Case:
    return Case(title, request, 400, graphql=False)


RAW_HTTP_CASES: Final = [
    _rejected_and_closed("Content-Length and Transfer-Encoding", _raw_request(LENGTH + CHUNKED, b"0\r\n\r\n")),
    _rejected_and_closed("Transfer-Encoding and Content-Length", _raw_request(CHUNKED + LENGTH, b"0\r\n\r\n")),
    _rejected_and_closed("two Content-Lengths", _raw_request(LENGTH + "Content-Length: 5\r\n")),
    _rejected_and_closed("the same Content-Length twice", _raw_request(LENGTH + LENGTH)),
    _rejected_and_closed("a Content-Length of -1", _raw_request("Content-Length: -1\r\n")),
    _rejected_and_closed("a Content-Length of letters", _raw_request(f"Content-Length: {CANARY}\r\n")),
    _rejected_and_closed(
        "a Content-Length beyond 64 bits", _raw_request("Content-Length: 99999999999999999999999\r\n")
    ),
    _rejected_and_closed("a chunk of no size", _raw_request(CHUNKED, b"xyz\r\n" + BODY)),
    _rejected_and_closed("a chunk of negative size", _raw_request(CHUNKED, b"-1\r\n" + BODY)),
    _rejected_and_closed(
        "a chunk that is longer than it says", _raw_request(CHUNKED, b"1\r\n" + BODY + b"\r\n0\r\n\r\n")
    ),
    _rejected_and_closed("an unknown Transfer-Encoding", _raw_request("Transfer-Encoding: xchunked\r\n")),
    _rejected_and_closed("NUL in the name of a header", _raw_request(f"X-\0{CANARY}: 1\r\n{LENGTH}")),
    _rejected_and_closed("NUL in the value of a header", _raw_request(f"X-Header: a\0{CANARY}\r\n{LENGTH}")),
    _rejected_and_closed(
        "a header that goes on in the next line", _raw_request(f"X-Header: a\r\n {CANARY}\r\n{LENGTH}")
    ),
    _rejected_and_closed("a header without a colon", _raw_request(f"{CANARY}\r\n{LENGTH}")),
    _rejected_and_closed("a space before the colon", _raw_request(f"X-Header : {CANARY}\r\n{LENGTH}")),
    _rejected_and_closed(
        "an unknown method", _raw_request(LENGTH, first=f"{CANARY} /graphql HTTP/1.1\r\nHost: localhost\r\n")
    ),
    _rejected_and_closed(
        "an unknown version", _raw_request(LENGTH, first="POST /graphql HTTP/9.9\r\nHost: localhost\r\n")
    ),
    _rejected_and_closed("no request line", b"\0\1\2\3" + CANARY.encode() + b"\r\n\r\n"),
    _rejected_and_closed("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64),
    _rejected_and_closed("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Case("16 MB of headers", _raw_request(f"X-Header: {CANARY}\r\n" * 700_000), 431, graphql=False),
    Case("one header of 16 MB", _raw_request(f"X-Header: {'x' * 16_000_000}\r\n"), 431, graphql=False),
    Case(
        "a target of 1 MB",
        _raw_request(LENGTH, first=f"POST /graphql?{'x' * 1_000_000} HTTP/1.1\r\n"),
        431,
        graphql=False,
    ),
]
