"""Opaque cursors: base64url of a JSON list, the id of the list that a cursor belongs to and then its sort values."""

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, TypeAlias

from models import json

CursorValues: TypeAlias = tuple[int | float | str, ...]
"""Values of a row that its list is sorted by."""

MAX_LENGTH: Final = 512
_INT64_END: Final = 2**63


def fingerprint(*parts: Any) -> str:
    """Return a 12-character hash of JSON values."""
    return hashed(json.canonical(parts))


def hashed(canonical: bytes) -> str:
    """Return the same hash of values that are encoded already."""
    return urlsafe_b64encode(sha256(canonical).digest()[:9]).decode()


def encode(list_id: str, values: CursorValues) -> str:
    return urlsafe_b64encode(json.canonical([list_id, *values])).rstrip(b"=").decode()


def decode(text: str, list_id: str, types: Sequence[type]) -> CursorValues | None:
    """Return the values of a cursor; None unless it belongs to this list and has values of these types."""
    match parse(text, types):
        case [found_id, values] if found_id == list_id:
            return values
    return None


def parse(text: str, types: Sequence[type]) -> tuple[str, CursorValues] | None:
    """Return the list id and the values of a cursor of any list; None if it is malformed."""
    match _load(text):
        case [str(list_id), *values] if _have_types(values, types):
            return list_id, tuple(values)
    return None


def _load(text: str) -> Any:
    if len(text) > MAX_LENGTH or not text.isascii():
        return None
    try:
        return json.loads(b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None


def _have_types(values: Sequence[Any], types: Sequence[type]) -> bool:
    # Compares types exactly: isinstance takes a bool for an int. SQLite rejects integers beyond 64 bits.
    return [type(value) for value in values] == list(types) and all(
        not isinstance(value, int) or -_INT64_END <= value < _INT64_END for value in values
    )
