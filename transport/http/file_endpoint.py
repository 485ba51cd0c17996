"""The file endpoint: ranges, validators, and headers that keep browsers from running the content."""

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

from transport.asgi_extensions import abort_connection
from transport.errors import Code, ErrorMasker, Headers, has_code
from transport.http.conditional import ByteRange, etag_matches, parse_range
from transport.http.disconnect import ClientDisconnected, run_while_connected
from transport.http.responses import encode_headers, send_bytes
from transport.settings import TransportSettings

log = structlog.get_logger(__name__)

PLAIN_TEXT: Final = "text/plain"
NOT_FOUND: Final = b"There is no such file, or its URL has expired: request a new one.\n"

SECURITY_HEADERS: Final[Headers] = (
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("cross-origin-resource-policy", "cross-origin"),  # pages of other origins embed images
    ("referrer-policy", "no-referrer"),
)
CACHE_PRIVATELY: Final = ("cache-control", "private, max-age=600")
NO_STORE: Final = ("cache-control", "no-store")


class ServedFile(Protocol):
    """A file to send: `size` in bytes, `tag` of letters and digits, `filename` any text without control characters.

    `chunks` yields the bytes from `start` to before `stop`, in chunks that fit into memory.
    """

    @property
    def size(self) -> int: ...
    @property
    def tag(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    def chunks(self, start: int, stop: int) -> AsyncGenerator[bytes]: ...


FindFile: TypeAlias = Callable[[HTTPConnection], Awaitable[ServedFile | None]]
"""Finds the file of a request; None if it does not exist or the request may not read it: the response is the same."""


class FileEndpoint:
    """Files by GET and HEAD, as a Starlette route: `Route("/files/{id}", FileEndpoint(…))`.

    An exception of `find`, or of a file, with the code SERVICE_UNAVAILABLE becomes 503; any other is masked as 500.
    """

    def __init__(self, find: FindFile, settings: TransportSettings) -> None:
        self._find = find
        self._stall_seconds = settings.limits.stream_stall_seconds
        self._masker = ErrorMasker()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        status: int | str
        try:
            status = await run_while_connected(receive, self._respond(scope, send))
        except ClientDisconnected:
            status = "gone"
        log.info("file", status=status, duration_ms=round((perf_counter() - started) * 1000, 3))

    async def _respond(self, scope: Scope, send: Send) -> int | str:
        if scope["method"] not in ("GET", "HEAD"):
            return await send_error(send, 405, b"Files are read by GET.\n", ("allow", "GET, HEAD"))
        try:
            file = await self._find(HTTPConnection(scope))
        except Exception as error:  # foreign code: it may raise anything
            return await self._fail(send, error)
        return await send_error(send, 404, NOT_FOUND) if file is None else await self._send_file(scope, send, file)

    async def _send_file(self, scope: Scope, send: Send, file: ServedFile) -> int | str:
        etag = f'"{file.tag}"'
        common_headers = (("etag", etag), CACHE_PRIVATELY, *SECURITY_HEADERS)
        if etag_matches(scope, b"if-match", etag) is False:
            return await send_error(send, 412, b"The file has another ETag.\n")
        if etag_matches(scope, b"if-none-match", etag):
            return await send_head(send, 304, common_headers)
        byte_range = parse_range(scope, file.size, etag)
        if byte_range is None:
            return await send_error(send, 416, b"The file is shorter.\n", ("content-range", f"bytes */{file.size}"))
        headers = [*common_headers, *content_headers(file, byte_range)]
        status = 206 if byte_range.is_range else 200
        if scope["method"] == "HEAD" or byte_range.start == byte_range.stop:
            return await send_head(send, status, headers)
        async with aclosing(file.chunks(byte_range.start, byte_range.stop)) as chunks:
            try:
                chunk = await anext(chunks)  # before the status is sent, so that a failure can change it
            except Exception as error:
                return await self._fail(send, error)
            await send_head(send, status, headers, more=True)
            return status if await self._send_chunks(scope, send, chunk, chunks) else "cut off"

    async def _send_chunks(self, scope: Scope, send: Send, chunk: bytes, chunks: AsyncIterator[bytes]) -> bool:
        """Send the file. On failure, closes the connection, so that the client cannot take a part for the whole."""
        try:
            while chunk:
                async with asyncio.timeout(self._stall_seconds):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await anext(chunks, b"")
        except TimeoutError:
            abort_connection(scope)
            return False
        except Exception as error:
            self._masker.mask(error, "file")
            abort_connection(scope)
            return False
        await send({"type": "http.response.body", "body": b""})
        return True

    async def _fail(self, send: Send, error: Exception) -> int:
        if has_code(error) and error.extensions["code"] == Code.SERVICE_UNAVAILABLE:  # type: ignore[attr-defined]  # has_code checked it
            return await send_error(send, 503, b"Files are not available at the moment.\n", ("retry-after", "5"))
        self._masker.mask(error, "file")
        return await send_error(send, 500, b"Internal server error\n")


async def send_error(send: Send, status: int, message: bytes, *headers: tuple[str, str]) -> int:
    await send_bytes(send, status, PLAIN_TEXT, message, (*headers, NO_STORE, *SECURITY_HEADERS))
    return status


async def send_head(send: Send, status: int, headers: Headers | list[tuple[str, str]], *, more: bool = False) -> int:
    """Send status and headers, and an empty body unless there is `more`."""
    await send({"type": "http.response.start", "status": status, "headers": encode_headers(headers)})
    if not more:
        await send({"type": "http.response.body", "body": b""})
    return status


def content_headers(file: ServedFile, byte_range: ByteRange) -> Headers:
    headers = (
        ("accept-ranges", "bytes"),
        ("content-type", file.content_type),
        ("content-disposition", content_disposition(file.filename)),
        ("content-length", str(byte_range.stop - byte_range.start)),
    )
    return (
        (*headers, ("content-range", f"bytes {byte_range.start}-{byte_range.stop - 1}/{file.size}"))
        if byte_range.is_range
        else headers
    )


def content_disposition(filename: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266): the name in ASCII for old clients, and in UTF-8."""
    if not filename:
        return "attachment"
    ascii_name = re.sub(r"[^ !#-$&-\[\]-~]", "_", filename)
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(filename, safe='!#$&+-.^_`|~')}"
