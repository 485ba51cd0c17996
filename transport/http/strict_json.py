"""JSON from clients: strict, and never deep."""

import json
import re
from itertools import accumulate
from typing import Any, Final

import orjson

from transport.errors import RequestError, bad_input, bad_request
from transport.settings import Limits

SKIP_SCAN_BRACKETS = 16
"""Brackets, those in strings too, up to which it is not worth looking closer. A request without variables has fewer."""

SCAN_FACTOR = 4
"""How many times too many values a text may have, and still be told that it is too deep, where it is."""

BRACKET_DELTAS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""One level down, or (a signed byte) up."""

NON_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**64 - 1
"""The integers that JSON carries exactly, here and to most others; orjson makes a float of any other."""

LONG_INTEGER: Final = re.compile(rb"[0-9]{19}")


def loads(text: bytes, limits: Limits, name: str) -> Any:
    """The value of a JSON text. orjson is strict: UTF-8 only, no NaN or Infinity, no half characters.

    Raises Refusal: BAD_REQUEST, also with 413; BAD_USER_INPUT for half a character, or an integer beyond 64 bits.
    """
    if max_depth(text, limits) > limits.json_depth:
        raise bad_request(f"{name} is nested more than {limits.json_depth} levels deep.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise json_error(error, name) from None
    if LONG_INTEGER.search(text):
        json.loads(text, parse_int=parse_integer)
    return value


def parse_integer(digits: str) -> int:
    """An integer as JSON writes it. Raises Refusal if it does not fit into 64 bits: it would arrive as another one."""
    if len(digits) > 20 or not MIN_INTEGER <= int(digits) <= MAX_INTEGER:
        raise bad_input("A number in the request does not fit into 64 bits.")
    return int(digits)


def json_error(error: orjson.JSONDecodeError, name: str) -> RequestError:
    """Why a text is no JSON; half of a surrogate pair is a bad string in good JSON."""
    if "surrogate in string" in error.msg:
        return bad_input("A string in the request contains half of a surrogate pair.")
    return bad_request(f"{name} is not valid JSON in UTF-8.")


def max_depth(text: bytes, limits: Limits) -> int:
    """How deep arrays and objects stand in one another in a JSON text, or more where that is little.

    Time is linear in the text, and little per byte. Raises Refusal with 413 if it has too many values to look at.
    """
    brackets = text.count(b"[") + text.count(b"{")
    if brackets <= SKIP_SCAN_BRACKETS and text.count(b'"') <= 2 * limits.json_values:
        return brackets
    # Escaped backslashes go first, then escaped quotes; the quotes that are left begin and end strings.
    unescaped = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    strings = unescaped.count(b'"') // 2
    if strings > SCAN_FACTOR * limits.json_values:
        raise too_many_values(strings, limits)
    deltas = b"".join(unescaped.split(b'"')[::2]).translate(BRACKET_DELTAS, NON_BRACKETS)
    values = max(strings, len(deltas) // 2)
    if values > SCAN_FACTOR * limits.json_values:
        raise too_many_values(values, limits)
    depth = max(accumulate(memoryview(deltas).cast("b")), default=0)
    if values > limits.json_values and depth <= limits.json_depth:
        raise too_many_values(values, limits)
    return depth


def too_many_values(values: int, limits: Limits) -> RequestError:
    """A text has too many strings, or too many arrays and objects."""
    message = f"The body has {values:,} strings, arrays and objects, where {limits.json_values:,} is the limit."
    return bad_request(message, status=413)
