"""Cursors: places in a list, as text that means nothing to clients.

A cursor is a list in JSON in base64url: first what it is bound to (a tag), then the values the list is sorted by.
"""

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, TypeAlias

from models import json

CursorValues: TypeAlias = tuple[int | float | str, ...]
"""The values of a row by which its list is sorted."""

MAX_LENGTH: Final = 512
_INT64_END: Final = 2**63


def fingerprint(*parts: Any) -> str:
    """A short text that differs where what it is made of differs."""
    return urlsafe_b64encode(sha256(json.canonical(parts)).digest()[:9]).decode()


def encode(list_id: str, values: CursorValues) -> str:
    """The cursor of a place in the list of that tag."""
    return urlsafe_b64encode(json.canonical([list_id, *values])).rstrip(b"=").decode()


def decode(text: str, list_id: str, types: Sequence[type]) -> CursorValues | None:
    """The place that a cursor names; null where it is none of a list of that tag, sorted by values of these types."""
    match parse(text, types):
        case [found, place] if found == list_id:
            return place
    return None


def parse(text: str, types: Sequence[type]) -> tuple[str, CursorValues] | None:
    """The tag and the place of a cursor, whatever list it is of; null where it is no cursor with such values."""
    match _load(text):
        case [str(found), *place] if _have_types(place, types):
            return found, tuple(place)
    return None


def _load(text: str) -> Any:
    if len(text) > MAX_LENGTH or not text.isascii():
        return None
    try:
        return json.loads(b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None


def _have_types(values: Sequence[Any], types: Sequence[type]) -> bool:
    # A bool is an int to isinstance; whole numbers beyond 64 bits are more than a database takes.
    return [type(value) for value in values] == list(types) and all(
        not isinstance(value, int) or -_INT64_END <= value < _INT64_END for value in values
    )
