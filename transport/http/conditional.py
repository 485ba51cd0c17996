"""Conditional and range requests (RFC 9110, sections 13 and 14)."""

import re
from typing import Final, NamedTuple

from starlette.types import Scope

from transport.http.headers import request_headers

RANGE_PATTERN: Final = re.compile(r"bytes *= *(\d{0,18})-(\d{0,18}) *", re.ASCII | re.IGNORECASE)
MAX_HEADER_LENGTH: Final = 1_000  # longer headers are ignored


class ByteRange(NamedTuple):
    """The requested part of a file; `stop` is exclusive."""

    start: int
    stop: int
    is_range: bool
    """False: the whole file, with status 200."""


def etag_matches(scope: Scope, name: bytes, etag: str) -> bool | None:
    """Return whether If-Match or If-None-Match lists the entity tag, weak or strong; None without the header."""
    header = ", ".join(request_headers(scope).values(name))
    if not header:
        return None
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")] if len(header) <= MAX_HEADER_LENGTH else []
    return "*" in tags or etag in tags


def parse_range(scope: Scope, size: int, etag: str) -> ByteRange | None:
    """Return the requested range of a file of `size` bytes; None if it is unsatisfiable.

    The whole file where there is no range, more than one, one of another copy, or a malformed one.
    """
    whole = ByteRange(0, size, is_range=False)
    ranges, if_range = request_headers(scope).values(b"range"), request_headers(scope).values(b"if-range")
    is_ignored = scope["method"] != "GET" or len(ranges) != 1 or len(ranges[0]) > MAX_HEADER_LENGTH
    if is_ignored or (if_range and if_range != [etag]):
        return whole
    match = RANGE_PATTERN.fullmatch(ranges[0].strip())
    if match is None or match.groups() == ("", ""):
        return whole
    first, last = match.groups()
    if not first:  # a suffix: the last bytes
        return ByteRange(max(0, size - int(last)), size, is_range=True) if int(last) and size else None
    if last and int(last) < int(first):
        return whole  # RFC 9110 §14.1.1: invalid, and to be ignored
    stop = min(size, int(last) + 1) if last else size
    return ByteRange(int(first), stop, is_range=True) if int(first) < size else None
