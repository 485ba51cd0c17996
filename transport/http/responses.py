"""Responses in one piece, and the encoding of streams."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.types import Send

from transport.errors import Headers
from transport.http.negotiation import HTML
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


BASE_HEADERS: Final[Headers] = (
    ("cache-control", "no-store"),
    ("vary", "Accept, Accept-Encoding"),
)


async def send_json(send: Send, status: int, media_type: str, body: bytes, headers: Headers = ()) -> None:
    await send_bytes(send, status, f"{media_type}; charset=utf-8", body, (*BASE_HEADERS, *headers))


async def send_page(send: Send, page: Page) -> None:
    await send_bytes(send, 200, f"{HTML}; charset=utf-8", page.html, (*page.headers.items(), ("vary", "Accept")))


async def send_bytes(
    send: Send, status: int, content_type: str, body: bytes, headers: Iterable[tuple[str, str]]
) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    raw += [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
