"""JSON objects in which no member can hide another."""

import json
from typing import Any, NoReturn


def parse_object(text: bytes) -> dict[str, Any]:
    """Parse a JSON object in UTF-8.

    Raises:
        ValueError: it is malformed, nested too deeply, or has a member twice: another program could read the other one.
    """
    try:
        value = json.loads(text.decode(), object_pairs_hook=_unique_members, parse_constant=_reject)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - as for all that is malformed
    return value


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("it has a member twice")
    return members


def _reject(_name: str) -> NoReturn:
    raise ValueError("it has NaN or Infinity")
