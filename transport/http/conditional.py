"""Conditional and range requests (RFC 9110, sections 13 and 14)."""

import re
from typing import Final, NamedTuple

from starlette.types import Scope

from transport.http.headers import header_values

RANGE_PATTERN: Final = re.compile(r"bytes *= *(\d{0,18})-(\d{0,18}) *", re.ASCII | re.IGNORECASE)
MAX_HEADER_LENGTH: Final = 1_000  # longer headers are ignored


class ByteRange(NamedTuple):
    """The requested part of a file; `stop` is exclusive."""

    start: int
    stop: int
    is_range: bool
    """False: the whole file, with status 200."""


def if_none_match_passes(scope: Scope, etag: str) -> bool:
    """Return whether the client has no copy with this tag."""
    tags = header_values(scope, b"if-none-match")
    return not tags or not etag_matches(", ".join(tags), etag)


def if_match_fails(scope: Scope, etag: str) -> bool:
    """Return whether the client accepts copies with other tags only."""
    tags = header_values(scope, b"if-match")
    return bool(tags) and not etag_matches(", ".join(tags), etag)


def etag_matches(tags: str, etag: str) -> bool:
    """Return whether a list of entity tags contains this one, weak or strong."""
    if len(tags) > MAX_HEADER_LENGTH:
        return False
    listed = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    return "*" in listed or etag in listed


def parse_range(scope: Scope, size: int, etag: str) -> ByteRange | None:
    """Return the requested range of a file of `size` bytes; None if it is unsatisfiable.

    The whole file where there is no range, more than one, one of another copy, or a malformed one.
    """
    whole = ByteRange(0, size, is_range=False)
    ranges, if_range = header_values(scope, b"range"), header_values(scope, b"if-range")
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
