"""Responses in one piece, and the encoding of streams."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson
from starlette.types import Send

from transport.errors import Headers, RequestError
from transport.http.negotiation import HTML, JSON
from transport.subscriptions import Frame


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page in UTF-8, with the headers that secure it."""

    html: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StreamEncoding:
    """How the frames of a stream are written, between `preamble` and `complete` or `aborted`."""

    content_type: str
    preamble: bytes
    encode: Callable[[Frame], bytes]
    complete: bytes
    aborted: bytes


RawHeaders: TypeAlias = list[tuple[bytes, bytes]]

SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    # Of a response that is opened as a page; pages and files have their own.
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    # Pages of other origins read responses by CORS only.
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Strict-Transport-Security is left to the proxy that terminates TLS: it holds for all services of a host."""

JSON_HEADERS: Final = ((b"cache-control", b"no-store"), (b"vary", b"Accept, Accept-Encoding"))


def with_security_headers(headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Return headers with those of `SECURITY_HEADERS` that are not among them."""
    raw = list(headers)
    present = {name.lower() for name, _ in raw}
    return raw + [header for header in SECURITY_HEADERS if header[0] not in present]


def encode_headers(headers: Iterable[tuple[str, str]]) -> RawHeaders:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


async def send_json(send: Send, status: int, media_type: str, body: bytes, headers: Headers = ()) -> None:
    raw = [*JSON_HEADERS, *encode_headers(headers), *body_headers(media_type, body), *SECURITY_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def send_errors(send: Send, error: RequestError, headers: Headers) -> None:
    await send_json(send, error.status, JSON, orjson.dumps({"errors": error.errors}), headers)


async def send_page(send: Send, page: Page) -> None:
    await send_bytes(send, 200, HTML, page.html, (*page.headers.items(), ("vary", "Accept")))


async def send_bytes(send: Send, status: int, media_type: str, body: bytes, headers: Iterable[tuple[str, str]]) -> None:
    raw = with_security_headers(encode_headers(headers) + body_headers(media_type, body))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def body_headers(media_type: str, body: bytes) -> RawHeaders:
    return [(b"content-type", f"{media_type}; charset=utf-8".encode()), (b"content-length", b"%d" % len(body))]
