"""Multipart forms that are no requests with files. The schema takes none, so that each has to be refused."""

from typing import Final

import orjson

from tests.bad_inputs.case import CANARY, Row, request

BOUNDARY: Final = "boundary"
VIEWER: Final = b'{"query":"{ viewer { name } }"}'
START: Final = orjson.dumps(
    {
        "query": "mutation($input: StartSessionInput!) { startSession(input: $input) { created problems { code } } }",
        "variables": {"input": {"metadata": None, "variant": {"user": {"username": CANARY}}}},
    }
)
MAP: Final = b'{"0":["variables.input.metadata"]}'
FILE: Final = b'form-data; name="0"; filename="%s"' % CANARY.encode()
PROOF: Final = "GraphQL-Require-Preflight: 1\r\n"


def part(disposition: bytes, content: bytes, more: bytes = b"") -> bytes:
    """One part of a form."""
    return b"--boundary\r\nContent-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + content + b"\r\n"


def form(operations: bytes, map_: bytes, *parts: bytes) -> bytes:
    """A whole form."""
    named = [part(b'form-data; name="operations"', operations), part(b'form-data; name="map"', map_)]
    return b"".join([*named, *parts, b"--boundary--\r\n"])


def sent(body: bytes, more: str = PROOF, boundary: str = "; boundary=boundary") -> bytes:
    """A form as a request."""
    return request(body, f"multipart/form-data{boundary}", more=more)


def _refused(what: str, body: bytes, status: int = 400, code: str = "BAD_REQUEST") -> Row:
    return Row(f"a form with {what}", sent(body), status, code)


MEBIBYTE: Final = 1024 * 1024
X: Final = part(FILE, b"x")

FORMS: Final = [
    Row("a form as any web page could send it", sent(form(START, MAP, X), more=""), 400, "BAD_REQUEST"),
    Row("a form with an empty proof", sent(form(START, MAP, X), "X-Apollo-Operation-Name: \r\n"), 400, "BAD_REQUEST"),
    Row("a form without boundary", sent(form(VIEWER, b"{}"), boundary=""), 400, "BAD_REQUEST"),
    Row("a form with a boundary of 300", sent(b"", boundary="; boundary=" + "x" * 300), 400, "BAD_REQUEST"),
    _refused("nothing", b""),
    _refused("its end only", b"--boundary--\r\n"),
    _refused("no end", form(START, MAP, X)[:-6]),
    _refused("operations that are a string", form(b'"abc"', MAP, X)),
    _refused("operations that are a batch", form(b"[" + START + b"]", b'{"0":["0.variables.input.metadata"]}', X)),
    _refused("operations of 3 MiB", form(b" " * 3 * MEBIBYTE, MAP, X), 413),
    _refused("a map that is a list", form(START, b"[1]", X)),
    _refused("a map of text", form(START, b'{"0":"variables.input.metadata"}', X)),
    _refused("a map to a file that is not there", form(START, MAP)),
    _refused("a path that leads nowhere", form(START, b'{"0":["variables.nothing"]}', X)),
    _refused("a path to a value", form(START, b'{"0":["variables.input.variant"]}', X)),
    _refused("a path to Python", form(START, b'{"0":["__class__.x"]}', X)),
    _refused("11 paths", form(START, orjson.dumps({"0": ["variables.input.metadata"] * 11}), X)),
    _refused("60,000 paths", form(START, orjson.dumps({"0": ["variables.input.metadata"] * 60_000}), X), 413),
    _refused("11 files", form(START, orjson.dumps({str(n): ["variables.input.metadata"] for n in range(11)}), X)),
    _refused("10,000 parts", form(START, MAP, *[part(b'form-data; name="%d"' % n, b"") for n in range(10_000)])),
    _refused("a part of 50 MB without a filename", form(START, MAP, part(b'form-data; name="1"', b"x" * 50_000_000))),
    _refused("64 MiB and a byte", form(START, MAP).ljust(64 * MEBIBYTE + 1), 413),
    _refused("1,000 headers in a part", form(START, MAP, part(FILE, b"x", b"X: y\r\n" * 1_000))),
    _refused("a header of 1 MB in a part", form(START, MAP, part(FILE, b"x", b"X: " + b"y" * 1_000_000 + b"\r\n"))),
    _refused("a preamble of 1 MB", b"\r\n" * 500_000 + form(START, MAP, X)),
    _refused("a file where there is no Upload", form(START, MAP, X), code="BAD_USER_INPUT"),
]
