"""Bodies that are no requests, and requests that say what they may not."""

from typing import Final

import orjson

from tests.bad_inputs.case import CANARY, Row, asking, raw_variables, request

QUERY: Final = "{ viewer { name } }"
GOOD: Final = orjson.dumps({"query": QUERY})
ONE_ID: Final = "query($id: ID!) { session(id: $id) { id } }"
START: Final = "mutation($input: StartSessionInput!) { startSession(input: $input) { created problems { code } } }"
BEGIN: Final = GOOD[:-1]


def _refused(what: str, body: bytes, status: int = 400, code: str = "BAD_REQUEST") -> Row:
    return Row(what, request(body), status, code)


def _typed(content_type: str, status: int = 415) -> Row:
    return Row(f"Content-Type {content_type}", request(GOOD, content_type), status, "BAD_REQUEST")


def _metadata(text: str) -> bytes:
    return raw_variables(START, '{"input":{"metadata":' + text + ',"variant":{"user":{"username":"u"}}}}')


NOT_A_REQUEST: Final = [
    _refused("a string", b'"%s"' % CANARY.encode()),
    _refused("a number", b"1"),
    _refused("null", b"null"),
    _refused("a list", b"[1]"),
    _refused("an empty list", b"[]"),
    _refused("a batch of two", b"[" + GOOD + b"," + GOOD + b"]"),
    _refused("nothing", b""),
    _refused("an open brace", b"{"),
    _refused("100,000 open brackets", b"[" * 100_000),
    _refused("100,000 objects in one another", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    _refused("100,000 lists in a variable", BEGIN + b',"variables":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}"),
    _refused("bytes that are not UTF-8", BEGIN + b',"operationName":"\xff\xfe' + CANARY.encode() + b'"}'),
    _refused("UTF-16", GOOD.decode().encode("utf-16")),
    _refused("UTF-32", GOOD.decode().encode("utf-32")),
    _refused("NaN in the variables", BEGIN + b',"variables":{"x":NaN}}'),
    _refused("Infinity in the variables", BEGIN + b',"variables":{"x":-Infinity}}'),
    _refused("a number too large for any float", BEGIN + b',"variables":{"x":1e400}}'),
    _refused("a number as query", b'{"query":1}'),
    _refused("no query", b'{"variables":{"x":"%s"}}' % CANARY.encode()),
    _refused("a list as variables", BEGIN + b',"variables":[]}'),
    _refused("text as variables", BEGIN + b',"variables":"{}"}'),
    _refused("a number as operationName", BEGIN + b',"operationName":5}'),
    _refused("a list as extensions", BEGIN + b',"extensions":[]}'),
    _refused("20 MB", GOOD + b" " * 20_000_000, 413),
    _refused("20 MB of query", b'{"query":"' + b"#" * 20_000_000 + b'"}', 413),
]

TEXT: Final = [
    Row("a comment of 1 MB", asking("#" * 1_000_000 + "\n" + QUERY), 400, "QUERY_TOO_COMPLEX"),
    Row("NUL in a variable", asking(ONE_ID, id=f"{CANARY}\0"), 400, "BAD_USER_INPUT"),
    Row("NUL in a literal", asking('{ session(id: "\\u0000") { id } }'), 400, "BAD_USER_INPUT"),
    Row("NUL in a name of free JSON", _metadata('{"\\u0000":1}'), 400, "BAD_USER_INPUT"),
    Row("NUL in the document", asking("{ viewer { name } } # \0"), 400, "BAD_USER_INPUT"),
    Row("half a surrogate pair", raw_variables(ONE_ID, '{"id":"\\ud800"}'), 400, "BAD_USER_INPUT"),
    Row("the other half of one", raw_variables(ONE_ID, '{"id":"x\\udfff"}'), 400, "BAD_USER_INPUT"),
    Row("half a pair in free JSON", _metadata('{"a":["\\ud83d"]}'), 400, "BAD_USER_INPUT"),
    Row("half a pair in a literal", asking('{ session(id: "\\ud800") { id } }'), 400, "BAD_USER_INPUT"),
]

CONTENT_TYPES: Final = [
    _typed("text/plain"),
    _typed("application/x-www-form-urlencoded"),
    _typed("text/plain; application/json"),
    _typed("xapplication/jsonx"),
    _typed("application/json; charset=utf-16"),
    _typed("application/graphql"),
    Row("a compressed body", request(GOOD, more="Content-Encoding: gzip\r\n"), 415, "BAD_REQUEST"),
]

METHODS: Final = [
    Row(
        "a mutation by GET",
        request(b"", method="GET", target='/graphql?query=mutation{deleteSession(id:"x"){id}}'),
        405,
        "BAD_REQUEST",
        b"allow: POST",
    ),
    Row("PUT", request(GOOD, method="PUT"), 405, "BAD_REQUEST", b"allow: GET, POST"),
    Row("TRACE", request(b"", method="TRACE"), 405, "BAD_REQUEST", b"allow: GET, POST"),
    Row("DELETE", request(b"", method="DELETE"), 405, "BAD_REQUEST", b"allow: GET, POST"),
    Row(
        "a query string that is not UTF-8", request(b"", method="GET", target="/graphql?query=%ff"), 400, "BAD_REQUEST"
    ),
    Row(
        "a query string that says it twice",
        request(b"", method="GET", target="/graphql?query=a&query=b"),
        400,
        "BAD_REQUEST",
    ),
    Row("no query by GET", request(b"", method="GET"), 400, "BAD_REQUEST"),
]

HOSTS: Final = [
    Row("a foreign Host", request(GOOD, host=f"{CANARY}.example"), 400, "BAD_REQUEST"),
    Row("a Host with a path", request(GOOD, host="localhost/x"), 400, "BAD_REQUEST"),
    Row("a Host with a user", request(GOOD, host="me@localhost"), 400, "BAD_REQUEST"),
    Row("an empty Host", request(GOOD, host=""), 400, "BAD_REQUEST"),
    Row("two Hosts", request(GOOD, more="Host: localhost\r\n"), 400, "BAD_REQUEST"),
    Row("no Host", request(GOOD).replace(b"Host: localhost\r\n", b""), 400, "BAD_REQUEST"),
]

BODIES: Final = [*NOT_A_REQUEST, *TEXT, *CONTENT_TYPES, *METHODS, *HOSTS]
