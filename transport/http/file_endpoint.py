"""Files over HTTP: ranges, validators, and headers under which no browser runs what is in them."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from time import perf_counter
from typing import Final, Protocol, TypeAlias
from urllib.parse import quote

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from transport.errors import Code, Headers
from transport.http.conditional import Part, has_changed, is_other, part_of
from transport.http.disconnect import CancelWhenGone, ClientGoneError
from transport.http.responses import send_bytes
from transport.http.stream_response import ABORT, nothing
from transport.masking import Mask, has_code
from transport.settings import TransportSettings

log = structlog.get_logger(__name__)

TEXT: Final = "text/plain; charset=utf-8"
NOT_FOUND: Final = b"There is no such file, or its address is no longer good: ask for a new one.\n"

SAFE: Final[Headers] = (
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("cross-origin-resource-policy", "cross-origin"),  # pages of other origins show pictures
    ("referrer-policy", "no-referrer"),
)
FRESH: Final = ("cache-control", "private, max-age=600")
UNKEPT: Final = ("cache-control", "no-store")


class ServedFile(Protocol):
    """A file that somebody may have."""

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def tag(self) -> str:
        """Letters and digits that no other content has."""

    @property
    def filename(self) -> str:
        """What to call it; may be empty, or hold anything but control characters."""

    @property
    def content_type(self) -> str:
        """Its media type."""

    def chunks(self, start: int, stop: int) -> AsyncGenerator[bytes]:
        """What is in it from `start` up to before `stop`, in pieces that fit into memory."""


FindFile: TypeAlias = Callable[[HTTPConnection], Awaitable[ServedFile | None]]
"""The file that a request may have; null where there is none, or not for whoever asks: the answer is the same."""


class FileEndpoint:
    """Files by GET and HEAD, as a Starlette route: `Route("/files/{id}", FileEndpoint(…))`.

    An exception of `find`, or of a file, with the code SERVICE_UNAVAILABLE becomes 503; any other is masked.
    """

    def __init__(self, find: FindFile, settings: TransportSettings) -> None:
        self._find = find
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = perf_counter()
        status: int | str
        try:
            with CancelWhenGone(receive):
                status = await self._answer(scope, send)
        except ClientGoneError:
            status = "gone"
        log.info("file", status=status, duration_ms=round((perf_counter() - started) * 1000, 3))

    async def _answer(self, scope: Scope, send: Send) -> int | str:
        if scope["method"] not in ("GET", "HEAD"):
            return await refuse(send, 405, b"Files are fetched by GET.\n", ("allow", "GET, HEAD"))
        try:
            file = await self._find(HTTPConnection(scope))
        except Exception as error:  # what finds files is not the transport's
            return await self._fail(send, error)
        return await refuse(send, 404, NOT_FOUND) if file is None else await self._show(scope, send, file)

    async def _show(self, scope: Scope, send: Send, file: ServedFile) -> int | str:
        etag = f'"{file.tag}"'
        known = (("etag", etag), FRESH, *SAFE)
        if is_other(scope, etag):
            return await refuse(send, 412, b"The file has another ETag.\n")
        if not has_changed(scope, etag):
            return await start(send, 304, known)
        part = part_of(scope, file.size, etag)
        if part is None:
            return await refuse(send, 416, b"The file is shorter.\n", ("content-range", f"bytes */{file.size}"))
        headers = [*known, *described(file, part)]
        status = 206 if part.is_range else 200
        if scope["method"] == "HEAD" or part.start == part.stop:
            return await start(send, status, headers)
        async with aclosing(file.chunks(part.start, part.stop)) as chunks:
            try:
                chunk = await anext(chunks)  # where it is not to be had, that can still be said
            except Exception as error:
                return await self._fail(send, error)
            await start(send, status, headers, more=True)
            return status if await self._send_rest(scope, send, chunk, chunks) else "cut off"

    async def _send_rest(self, scope: Scope, send: Send, chunk: bytes, chunks: AsyncIterator[bytes]) -> bool:
        """Whether all of it could be sent; else the connection is closed, so that nobody takes it for the whole."""
        patience = self._settings.limits.stream_stall_seconds
        try:
            while chunk:
                async with asyncio.timeout(patience):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await anext(chunks, b"")
        except TimeoutError:
            abort(scope)
            return False
        except Exception as error:
            self._surprise(error)
            abort(scope)
            return False
        await send({"type": "http.response.body", "body": b""})
        return True

    async def _fail(self, send: Send, error: Exception) -> int:
        if has_code(error) and error.extensions["code"] == Code.SERVICE_UNAVAILABLE:  # type: ignore[attr-defined]  # has_code has looked
            return await refuse(send, 503, b"Files are not to be had at the moment.\n", ("retry-after", "5"))
        self._surprise(error)
        return await refuse(send, 500, b"Internal server error\n")

    def _surprise(self, error: Exception) -> None:
        Mask(log_messages=self._settings.log_error_messages).surprise(error, "file")


async def refuse(send: Send, status: int, message: bytes, *headers: tuple[str, str]) -> int:
    """Answer with a line of text."""
    await send_bytes(send, status, TEXT, message, (*headers, UNKEPT, *SAFE))
    return status


async def start(send: Send, status: int, headers: Headers | list[tuple[str, str]], *, more: bool = False) -> int:
    """Send the head of an answer; unless there is more, that is all."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    if not more:
        await send({"type": "http.response.body", "body": b""})
    return status


def described(file: ServedFile, part: Part) -> Headers:
    """What is in the body of an answer."""
    headers = (
        ("accept-ranges", "bytes"),
        ("content-type", file.content_type),
        ("content-disposition", disposition(file.filename)),
        ("content-length", str(part.stop - part.start)),
    )
    return (
        (*headers, ("content-range", f"bytes {part.start}-{part.stop - 1}/{file.size}")) if part.is_range else headers
    )


def abort(scope: Scope) -> None:
    """Close the connection at once."""
    scope.get("extensions", {}).get(ABORT, {"abort": nothing})["abort"]()


def disposition(filename: str) -> str:
    """The Content-Disposition of a download (RFC 6266): the name in ASCII for old clients, and as it is for others."""
    if not filename:
        return "attachment"
    plain = re.sub(r"[^ !#-$&-\[\]-~]", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='!#$&+-.^_`|~')}"
