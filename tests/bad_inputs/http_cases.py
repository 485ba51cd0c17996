"""Cases: HTTP bodies, content types, methods, hosts, and malformed HTTP."""

from typing import Final

import orjson

from tests.bad_inputs.case import CANARY, TOO_COMPLEX, Case, error, http, operation, raw_variables

QUERY: Final = "{ viewer { name } }"
VALID_BODY: Final = orjson.dumps({"query": QUERY})
ONE_ID: Final = "query($id: ID!) { session(id: $id) { id } }"
START: Final = "mutation($input: StartSessionInput!) { startSession(input: $input) { created problems { code } } }"
UNCLOSED_BODY: Final = VALID_BODY[:-1]


def _rejected(title: str, body: bytes, status: int = 400, code: str = "BAD_REQUEST") -> Case:
    return Case(title, http(body), status, code)


def _get(query: str) -> bytes:
    return http(b"", method="GET", target=f"/graphql{query}")


def _metadata_request(text: str) -> bytes:
    return raw_variables(START, '{"input":{"metadata":' + text + ',"variant":{"user":{"username":"u"}}}}')


INVALID_BODIES: Final = [
    _rejected("a string", b'"%s"' % CANARY.encode()),
    _rejected("a number", b"1"),
    _rejected("null", b"null"),
    _rejected("a list", b"[1]"),
    _rejected("an empty list", b"[]"),
    _rejected("a batch of two", b"[" + VALID_BODY + b"," + VALID_BODY + b"]"),
    _rejected("nothing", b""),
    _rejected("an open brace", b"{"),
    _rejected("100,000 open brackets", b"[" * 100_000),
    _rejected("100,000 objects in one another", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    _rejected(
        "100,000 lists in a variable", UNCLOSED_BODY + b',"variables":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    ),
    _rejected("bytes that are not UTF-8", UNCLOSED_BODY + b',"operationName":"\xff\xfe' + CANARY.encode() + b'"}'),
    _rejected("UTF-16", VALID_BODY.decode().encode("utf-16")),
    _rejected("UTF-32", VALID_BODY.decode().encode("utf-32")),
    _rejected("NaN in the variables", UNCLOSED_BODY + b',"variables":{"x":NaN}}'),
    _rejected("Infinity in the variables", UNCLOSED_BODY + b',"variables":{"x":-Infinity}}'),
    _rejected("a number too large for any float", UNCLOSED_BODY + b',"variables":{"x":1e400}}'),
    _rejected("a number as query", b'{"query":1}'),
    _rejected("no query", b'{"variables":{"x":"%s"}}' % CANARY.encode()),
    _rejected("a list as variables", UNCLOSED_BODY + b',"variables":[]}'),
    _rejected("text as variables", UNCLOSED_BODY + b',"variables":"{}"}'),
    _rejected("a number as operationName", UNCLOSED_BODY + b',"operationName":5}'),
    _rejected("a list as extensions", UNCLOSED_BODY + b',"extensions":[]}'),
    _rejected("20 MB", VALID_BODY + b" " * 20_000_000, 413),
    _rejected("20 MB of query", b'{"query":"' + b"#" * 20_000_000 + b'"}', 413),
]

TEXT_CASES: Final = [
    error("a comment of 1 MB", operation("#" * 1_000_000 + "\n" + QUERY), TOO_COMPLEX),
    error("NUL in a variable", operation(ONE_ID, id=f"{CANARY}\0")),
    error("NUL in a literal", operation('{ session(id: "\\u0000") { id } }')),
    error("NUL in a name of free JSON", _metadata_request('{"\\u0000":1}')),
    error("NUL in the document", operation("{ viewer { name } } # \0")),
    error("half a surrogate pair", raw_variables(ONE_ID, '{"id":"\\ud800"}')),
    error("the other half of one", raw_variables(ONE_ID, '{"id":"x\\udfff"}')),
    error("half a pair in free JSON", _metadata_request('{"a":["\\ud83d"]}')),
    error("half a pair in a literal", operation('{ session(id: "\\ud800") { id } }')),
]

CONTENT_TYPES: Final = [
    *(
        Case(f"Content-Type {content_type}", http(VALID_BODY, content_type), 415, "BAD_REQUEST")
        for content_type in (
            *("text/plain", "application/x-www-form-urlencoded", "text/plain; application/json", "xapplication/jsonx"),
            *("application/json; charset=utf-16", "application/graphql"),
        )
    ),
    Case("a compressed body", http(VALID_BODY, more="Content-Encoding: gzip\r\n"), 415, "BAD_REQUEST"),
]

METHODS: Final = [
    Case(
        "a mutation by GET",
        _get('?query=mutation{deleteSession(input:{id:"x"}){id}}'),
        405,
        "BAD_REQUEST",
        b"allow: POST",
    ),
    *(
        Case(method, http(VALID_BODY, method=method), 405, "BAD_REQUEST", b"allow: GET, POST")
        for method in ("PUT", "TRACE", "DELETE")
    ),
    error("a query string that is not UTF-8", _get("?query=%ff"), "BAD_REQUEST"),
    error("a query string that says it twice", _get("?query=a&query=b"), "BAD_REQUEST"),
    error("no query by GET", _get(""), "BAD_REQUEST"),
]

HOSTS: Final = [
    error("a foreign Host", http(VALID_BODY, host=f"{CANARY}.example"), "BAD_REQUEST"),
    error("a Host with a path", http(VALID_BODY, host="localhost/x"), "BAD_REQUEST"),
    error("a Host with a user", http(VALID_BODY, host="me@localhost"), "BAD_REQUEST"),
    error("an empty Host", http(VALID_BODY, host=""), "BAD_REQUEST"),
    error("two Hosts", http(VALID_BODY, more="Host: localhost\r\n"), "BAD_REQUEST"),
    error("no Host", http(VALID_BODY).replace(b"Host: localhost\r\n", b""), "BAD_REQUEST"),
]

BODY_CASES: Final = [*INVALID_BODIES, *TEXT_CASES, *CONTENT_TYPES, *METHODS, *HOSTS]

LENGTH: Final = f"Content-Length: {len(VALID_BODY)}\r\n"
CHUNKED: Final = "Transfer-Encoding: chunked\r\n"


def _raw(head: str, body: bytes = VALID_BODY, first: str = "POST /graphql HTTP/1.1\r\nHost: localhost\r\n") -> bytes:
    return f"{first}Content-Type: application/json\r\n{head}\r\n".encode("latin-1") + body


def _closed(title: str, request: bytes) -> Case:
    return Case(title, request, 400, graphql=False)


RAW_HTTP_CASES: Final = [
    _closed("Content-Length and Transfer-Encoding", _raw(LENGTH + CHUNKED, b"0\r\n\r\n")),
    _closed("Transfer-Encoding and Content-Length", _raw(CHUNKED + LENGTH, b"0\r\n\r\n")),
    _closed("two Content-Lengths", _raw(LENGTH + "Content-Length: 5\r\n")),
    _closed("the same Content-Length twice", _raw(LENGTH + LENGTH)),
    _closed("a Content-Length of -1", _raw("Content-Length: -1\r\n")),
    _closed("a Content-Length of letters", _raw(f"Content-Length: {CANARY}\r\n")),
    _closed("a Content-Length beyond 64 bits", _raw("Content-Length: 99999999999999999999999\r\n")),
    _closed("a chunk of no size", _raw(CHUNKED, b"xyz\r\n" + VALID_BODY)),
    _closed("a chunk of negative size", _raw(CHUNKED, b"-1\r\n" + VALID_BODY)),
    _closed("a chunk that is longer than it says", _raw(CHUNKED, b"1\r\n" + VALID_BODY + b"\r\n0\r\n\r\n")),
    _closed("an unknown Transfer-Encoding", _raw("Transfer-Encoding: xchunked\r\n")),
    _closed("NUL in the name of a header", _raw(f"X-\0{CANARY}: 1\r\n{LENGTH}")),
    _closed("NUL in the value of a header", _raw(f"X-Header: a\0{CANARY}\r\n{LENGTH}")),
    _closed("a header that goes on in the next line", _raw(f"X-Header: a\r\n {CANARY}\r\n{LENGTH}")),
    _closed("a header without a colon", _raw(f"{CANARY}\r\n{LENGTH}")),
    _closed("a space before the colon", _raw(f"X-Header : {CANARY}\r\n{LENGTH}")),
    _closed("an unknown method", _raw(LENGTH, first=f"{CANARY} /graphql HTTP/1.1\r\nHost: localhost\r\n")),
    _closed("an unknown version", _raw(LENGTH, first="POST /graphql HTTP/9.9\r\nHost: localhost\r\n")),
    _closed("no request line", b"\0\1\2\3" + CANARY.encode() + b"\r\n\r\n"),
    _closed("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64),
    _closed("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Case("16 MB of headers", _raw(f"X-Header: {CANARY}\r\n" * 700_000), 431, graphql=False),
    Case("one header of 16 MB", _raw(f"X-Header: {'x' * 16_000_000}\r\n"), 431, graphql=False),
    Case("a target of 1 MB", _raw(LENGTH, first=f"POST /graphql?{'x' * 1_000_000} HTTP/1.1\r\n"), 431, graphql=False),
]
