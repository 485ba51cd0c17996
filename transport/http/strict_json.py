"""JSON from clients: strict, and never deep."""

import json
import re
from itertools import accumulate
from typing import Any, Final

import orjson

from transport.errors import Refusal, bad_input, bad_request
from transport.settings import Limits

SHALLOW = 16
"""Brackets, those in strings too, up to which it is not worth looking closer. A request without variables has fewer."""

WORTH_A_LOOK = 4
"""How many times too many values a text may have, and still be told that it is too deep, where it is."""

STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""One level down, or (a signed byte) up."""

NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

SMALLEST: Final = -(2**63)
LARGEST: Final = 2**64 - 1
"""The integers that JSON carries exactly, here and to most others; orjson makes a float of any other."""

MAYBE_TOO_LARGE: Final = re.compile(rb"[0-9]{19}")


def load(text: bytes, limits: Limits, what: str) -> Any:
    """The value of a JSON text. orjson is strict: UTF-8 only, no NaN or Infinity, no half characters.

    Raises Refusal: BAD_REQUEST, also with 413; BAD_USER_INPUT for half a character, or an integer beyond 64 bits.
    """
    if nesting(text, limits) > limits.json_depth:
        raise bad_request(f"{what} is nested more than {limits.json_depth} levels deep.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise malformed(error, what) from None
    if MAYBE_TOO_LARGE.search(text):
        json.loads(text, parse_int=checked_integer)
    return value


def checked_integer(digits: str) -> int:
    """An integer as JSON writes it. Raises Refusal if it does not fit into 64 bits: it would arrive as another one."""
    if len(digits) > 20 or not SMALLEST <= int(digits) <= LARGEST:
        raise bad_input("A number in the request does not fit into 64 bits.")
    return int(digits)


def malformed(error: orjson.JSONDecodeError, what: str) -> Refusal:
    """Why a text is no JSON; half of a surrogate pair is a bad string in good JSON."""
    if "surrogate in string" in error.msg:
        return bad_input("A string in the request contains half of a surrogate pair.")
    return bad_request(f"{what} is not valid JSON in UTF-8.")


def nesting(text: bytes, limits: Limits) -> int:
    """How deep arrays and objects stand in one another in a JSON text, or more where that is little.

    Time is linear in the text, and little per byte. Raises Refusal with 413 if it has too many values to look at.
    """
    most = text.count(b"[") + text.count(b"{")
    if most <= SHALLOW and text.count(b'"') <= 2 * limits.json_values:
        return most
    # Escaped backslashes go first, then escaped quotes; the quotes that are left begin and end strings.
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    strings = bare.count(b'"') // 2
    if strings > WORTH_A_LOOK * limits.json_values:
        raise too_many(strings, limits)
    steps = b"".join(bare.split(b'"')[::2]).translate(STEPS, NO_BRACKETS)
    values = max(strings, len(steps) // 2)
    if values > WORTH_A_LOOK * limits.json_values:
        raise too_many(values, limits)
    depth = max(accumulate(memoryview(steps).cast("b")), default=0)
    if values > limits.json_values and depth <= limits.json_depth:
        raise too_many(values, limits)
    return depth


def too_many(values: int, limits: Limits) -> Refusal:
    """A text has too many strings, or too many arrays and objects."""
    message = f"The body has {values:,} strings, arrays and objects, where {limits.json_values:,} is the limit."
    return bad_request(message, status=413)
