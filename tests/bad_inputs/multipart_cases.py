"""Cases: multipart requests."""

from typing import Final

import orjson

from tests.bad_inputs.case import CANARY, Case, error, http

BOUNDARY: Final = "boundary"
VIEWER: Final = b'{"query":"{ viewer { name } }"}'
START: Final = orjson.dumps(
    {
        "query": "mutation($input: StartSessionInput!) { startSession(input: $input) { created problems { code } } }",
        "variables": {"input": {"metadata": None, "variant": {"user": {"username": CANARY}}}},
    }
)
PLACE: Final = "variables.input.metadata"
MAP: Final = b'{"0":["%s"]}' % PLACE.encode()
FILE: Final = b'form-data; name="0"; filename="%s"' % CANARY.encode()
PREFLIGHT_HEADER: Final = "GraphQL-Require-Preflight: 1\r\n"


def part(disposition: bytes, content: bytes, more: bytes = b"") -> bytes:
    return b"--boundary\r\nContent-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + content + b"\r\n"


def form(operations: bytes, map_: bytes, *parts: bytes) -> bytes:
    named = [part(b'form-data; name="operations"', operations), part(b'form-data; name="map"', map_)]
    return b"".join([*named, *parts, b"--boundary--\r\n"])


def form_request(body: bytes, more: str = PREFLIGHT_HEADER, boundary: str = "; boundary=boundary") -> bytes:
    return http(body, f"multipart/form-data{boundary}", more=more)


def _rejected(title: str, body: bytes, status: int = 400, code: str = "BAD_REQUEST") -> Case:
    return Case(f"a form with {title}", form_request(body), status, code)


MEBIBYTE: Final = 1024 * 1024
FILE_PART: Final = part(FILE, b"x")
VALID_FORM: Final = form(START, MAP, FILE_PART)

MULTIPART_CASES: Final = [
    error("a form as any web page could send it", form_request(VALID_FORM, more=""), "BAD_REQUEST"),
    error("a form with an empty proof", form_request(VALID_FORM, "X-Apollo-Operation-Name: \r\n"), "BAD_REQUEST"),
    error("a form without boundary", form_request(form(VIEWER, b"{}"), boundary=""), "BAD_REQUEST"),
    error("a form with a boundary of 300", form_request(b"", boundary="; boundary=" + "x" * 300), "BAD_REQUEST"),
    _rejected("nothing", b""),
    _rejected("its end only", b"--boundary--\r\n"),
    _rejected("no end", VALID_FORM[:-6]),
    _rejected("operations that are a string", form(b'"abc"', MAP, FILE_PART)),
    _rejected("a batch", form(b"[" + START + b"]", b'{"0":["0.variables.input.metadata"]}', FILE_PART)),
    _rejected("operations of 3 MiB", form(b" " * 3 * MEBIBYTE, MAP, FILE_PART), 413),
    _rejected("a map that is a list", form(START, b"[1]", FILE_PART)),
    _rejected("a map of text", form(START, b'{"0":"variables.input.metadata"}', FILE_PART)),
    _rejected("a map to a file that is not there", form(START, MAP)),
    _rejected("a path that leads nowhere", form(START, b'{"0":["variables.nothing"]}', FILE_PART)),
    _rejected("a path to a value", form(START, b'{"0":["variables.input.variant"]}', FILE_PART)),
    _rejected("a path to Python", form(START, b'{"0":["__class__.x"]}', FILE_PART)),
    _rejected("11 paths", form(START, orjson.dumps({"0": [PLACE] * 11}), FILE_PART)),
    _rejected("60,000 paths", form(START, orjson.dumps({"0": [PLACE] * 60_000}), FILE_PART), 413),
    _rejected("11 files", form(START, orjson.dumps({str(n): [PLACE] for n in range(11)}), FILE_PART)),
    _rejected("10,000 parts", form(START, MAP, *[part(b'form-data; name="%d"' % n, b"") for n in range(10_000)])),
    _rejected("a part of 50 MB without a filename", form(START, MAP, part(b'form-data; name="1"', b"x" * 50_000_000))),
    _rejected("64 MiB and a byte", form(START, MAP).ljust(64 * MEBIBYTE + 1), 413),
    _rejected("1,000 headers in a part", form(START, MAP, part(FILE, b"x", b"X: y\r\n" * 1_000))),
    _rejected("a header of 1 MB in a part", form(START, MAP, part(FILE, b"x", b"X: " + b"y" * 1_000_000 + b"\r\n"))),
    _rejected("a preamble of 1 MB", b"\r\n" * 500_000 + VALID_FORM),
    _rejected("a file where there is no Upload", VALID_FORM, code="BAD_USER_INPUT"),
]
