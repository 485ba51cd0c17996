"""What a request for a file says of the copy that the client has (RFC 9110, sections 13 and 14)."""

import re
from typing import Final, NamedTuple

from starlette.types import Scope

from transport.http.headers import values

RANGE: Final = re.compile(r"bytes *= *(\d{0,18})-(\d{0,18}) *", re.ASCII | re.IGNORECASE)
HEADER_LENGTH: Final = 1_000
"""Characters that are looked at; what is longer says nothing."""


class Part(NamedTuple):
    """What of a file is wanted: from `start` up to before `stop`."""

    start: int
    stop: int
    is_range: bool


def has_changed(scope: Scope, etag: str) -> bool:
    """Whether the client has another copy than this one, or none: else it needs no other."""
    given = values(scope, b"if-none-match")
    return not given or not names(", ".join(given), etag)


def is_other(scope: Scope, etag: str) -> bool:
    """Whether the client wants another copy and no other."""
    given = values(scope, b"if-match")
    return bool(given) and not names(", ".join(given), etag)


def names(tags: str, etag: str) -> bool:
    """Whether a list of entity tags has this one in it, weak or strong."""
    if len(tags) > HEADER_LENGTH:
        return False
    listed = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    return "*" in listed or etag in listed


def part_of(scope: Scope, size: int, etag: str) -> Part | None:
    """What is wanted of a file of `size` bytes; None if it is too short for that.

    All of it where no range is asked for, or more than one, or one of another copy, or something else altogether.
    """
    whole = Part(0, size, is_range=False)
    given, of = values(scope, b"range"), values(scope, b"if-range")
    if scope["method"] != "GET" or len(given) != 1 or len(given[0]) > HEADER_LENGTH or (of and of != [etag]):
        return whole
    match = RANGE.fullmatch(given[0].strip())
    if match is None or match.groups() == ("", ""):
        return whole
    first, last = match.groups()
    if not first:  # the last so many bytes
        return Part(max(0, size - int(last)), size, is_range=True) if int(last) and size else None
    if last and int(last) < int(first):
        return whole  # RFC 9110 §14.1.1: it is invalid, and no range
    stop = min(size, int(last) + 1) if last else size
    return Part(int(first), stop, is_range=True) if int(first) < size else None
