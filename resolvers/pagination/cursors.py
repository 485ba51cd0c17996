"""Cursors: places in a list, as text that means nothing to clients.

A cursor is a list in JSON in base64url: first what it is bound to (a tag), then the values the list is sorted by.
"""

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, TypeAlias

from models import json

Place: TypeAlias = tuple[int | float | str, ...]
"""The values of a row by which its list is sorted."""

MAX_LENGTH: Final = 512
_INT_END: Final = 2**63


def tag(*bound_to: Any) -> str:
    """A short text that differs where what it is made of differs."""
    return urlsafe_b64encode(sha256(json.canonical(bound_to)).digest()[:9]).decode()


def encode(bound_to: str, place: Place) -> str:
    """The cursor of a place in the list of that tag."""
    return urlsafe_b64encode(json.canonical([bound_to, *place])).rstrip(b"=").decode()


def decode(text: str, bound_to: str, types: Sequence[type]) -> Place | None:
    """The place that a cursor names; null where it is none of a list of that tag, sorted by values of these types."""
    match read(text, types):
        case [found, place] if found == bound_to:
            return place
    return None


def read(text: str, types: Sequence[type]) -> tuple[str, Place] | None:
    """The tag and the place of a cursor, whatever list it is of; null where it is no cursor with such values."""
    match _parts(text):
        case [str(found), *place] if _fits(place, types):
            return found, tuple(place)
    return None


def _parts(text: str) -> Any:
    if len(text) > MAX_LENGTH or not text.isascii():
        return None
    try:
        return json.loads(b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None


def _fits(place: Sequence[Any], types: Sequence[type]) -> bool:
    # A bool is an int to isinstance; whole numbers beyond 64 bits are more than a database takes.
    return [type(value) for value in place] == list(types) and all(
        not isinstance(value, int) or -_INT_END <= value < _INT_END for value in place
    )
