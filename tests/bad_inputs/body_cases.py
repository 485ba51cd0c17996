"""Cases: HTTP bodies, content types, methods and hosts."""

from typing import Final

import orjson

from tests.bad_inputs.case import CANARY, Case, http, operation, raw_variables

QUERY: Final = "{ viewer { name } }"
VALID_BODY: Final = orjson.dumps({"query": QUERY})
ONE_ID: Final = "query($id: ID!) { session(id: $id) { id } }"
START: Final = "mutation($input: StartSessionInput!) { startSession(input: $input) { created problems { code } } }"
UNCLOSED_BODY: Final = VALID_BODY[:-1]


def _rejected(title: str, body: bytes, status: int = 400, code: str = "BAD_REQUEST") -> Case:
    return Case(title, http(body), status, code)


def _content_type_case(content_type: str, status: int = 415) -> Case:
    return Case(f"Content-Type {content_type}", http(VALID_BODY, content_type), status, "BAD_REQUEST")


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
    Case("a comment of 1 MB", operation("#" * 1_000_000 + "\n" + QUERY), 400, "QUERY_TOO_COMPLEX"),
    Case("NUL in a variable", operation(ONE_ID, id=f"{CANARY}\0"), 400, "BAD_USER_INPUT"),
    Case("NUL in a literal", operation('{ session(id: "\\u0000") { id } }'), 400, "BAD_USER_INPUT"),
    Case("NUL in a name of free JSON", _metadata_request('{"\\u0000":1}'), 400, "BAD_USER_INPUT"),
    Case("NUL in the document", operation("{ viewer { name } } # \0"), 400, "BAD_USER_INPUT"),
    Case("half a surrogate pair", raw_variables(ONE_ID, '{"id":"\\ud800"}'), 400, "BAD_USER_INPUT"),
    Case("the other half of one", raw_variables(ONE_ID, '{"id":"x\\udfff"}'), 400, "BAD_USER_INPUT"),
    Case("half a pair in free JSON", _metadata_request('{"a":["\\ud83d"]}'), 400, "BAD_USER_INPUT"),
    Case("half a pair in a literal", operation('{ session(id: "\\ud800") { id } }'), 400, "BAD_USER_INPUT"),
]

CONTENT_TYPES: Final = [
    _content_type_case("text/plain"),
    _content_type_case("application/x-www-form-urlencoded"),
    _content_type_case("text/plain; application/json"),
    _content_type_case("xapplication/jsonx"),
    _content_type_case("application/json; charset=utf-16"),
    _content_type_case("application/graphql"),
    Case("a compressed body", http(VALID_BODY, more="Content-Encoding: gzip\r\n"), 415, "BAD_REQUEST"),
]

METHODS: Final = [
    Case("a mutation by GET", _get('?query=mutation{deleteSession(id:"x"){id}}'), 405, "BAD_REQUEST", b"allow: POST"),
    Case("PUT", http(VALID_BODY, method="PUT"), 405, "BAD_REQUEST", b"allow: GET, POST"),
    Case("TRACE", http(b"", method="TRACE"), 405, "BAD_REQUEST", b"allow: GET, POST"),
    Case("DELETE", http(b"", method="DELETE"), 405, "BAD_REQUEST", b"allow: GET, POST"),
    Case("a query string that is not UTF-8", _get("?query=%ff"), 400, "BAD_REQUEST"),
    Case("a query string that says it twice", _get("?query=a&query=b"), 400, "BAD_REQUEST"),
    Case("no query by GET", _get(""), 400, "BAD_REQUEST"),
]

HOSTS: Final = [
    Case("a foreign Host", http(VALID_BODY, host=f"{CANARY}.example"), 400, "BAD_REQUEST"),
    Case("a Host with a path", http(VALID_BODY, host="localhost/x"), 400, "BAD_REQUEST"),
    Case("a Host with a user", http(VALID_BODY, host="me@localhost"), 400, "BAD_REQUEST"),
    Case("an empty Host", http(VALID_BODY, host=""), 400, "BAD_REQUEST"),
    Case("two Hosts", http(VALID_BODY, more="Host: localhost\r\n"), 400, "BAD_REQUEST"),
    Case("no Host", http(VALID_BODY).replace(b"Host: localhost\r\n", b""), 400, "BAD_REQUEST"),
]

BODY_CASES: Final = [*INVALID_BODIES, *TEXT_CASES, *CONTENT_TYPES, *METHODS, *HOSTS]
