"""What a request for a file says of the copy that the client has (RFC 9110, sections 13 and 14)."""

import re
from typing import Final, NamedTuple

from starlette.types import Scope

from transport.http.headers import header_values

RANGE_PATTERN: Final = re.compile(r"bytes *= *(\d{0,18})-(\d{0,18}) *", re.ASCII | re.IGNORECASE)
MAX_HEADER_LENGTH: Final = 1_000
"""Characters that are looked at; what is longer says nothing."""


class ByteRange(NamedTuple):
    """What of a file is wanted: from `start` up to before `stop`."""

    start: int
    stop: int
    is_range: bool


def if_none_match_passes(scope: Scope, etag: str) -> bool:
    """Whether the client has another copy than this one, or none: else it needs no other."""
    tags = header_values(scope, b"if-none-match")
    return not tags or not etag_matches(", ".join(tags), etag)


def if_match_fails(scope: Scope, etag: str) -> bool:
    """Whether the client wants another copy and no other."""
    tags = header_values(scope, b"if-match")
    return bool(tags) and not etag_matches(", ".join(tags), etag)


def etag_matches(tags: str, etag: str) -> bool:
    """Whether a list of entity tags has this one in it, weak or strong."""
    if len(tags) > MAX_HEADER_LENGTH:
        return False
    listed = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    return "*" in listed or etag in listed


def parse_range(scope: Scope, size: int, etag: str) -> ByteRange | None:
    """What is wanted of a file of `size` bytes; None if it is too short for that.

    All of it where no range is asked for, or more than one, or one of another copy, or something else altogether.
    """
    whole = ByteRange(0, size, is_range=False)
    ranges, if_range = header_values(scope, b"range"), header_values(scope, b"if-range")
    if (
        scope["method"] != "GET"
        or len(ranges) != 1
        or len(ranges[0]) > MAX_HEADER_LENGTH
        or (if_range and if_range != [etag])
    ):
        return whole
    match = RANGE_PATTERN.fullmatch(ranges[0].strip())
    if match is None or match.groups() == ("", ""):
        return whole
    first, last = match.groups()
    if not first:  # the last so many bytes
        return ByteRange(max(0, size - int(last)), size, is_range=True) if int(last) and size else None
    if last and int(last) < int(first):
        return whole  # RFC 9110 §14.1.1: it is invalid, and no range
    stop = min(size, int(last) + 1) if last else size
    return ByteRange(int(first), stop, is_range=True) if int(first) < size else None
