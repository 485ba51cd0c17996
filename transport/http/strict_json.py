"""Strict JSON with bounded depth, number of values and integers."""

import json
import re
from itertools import accumulate
from typing import Any, Final

import orjson

from transport.errors import RequestError, bad_input, bad_request
from transport.settings import Limits

# With this many brackets or fewer, those in strings counted, their number is the depth: a scan would cost more.
SKIP_SCAN_BRACKETS: Final = 16

# Above this multiple of the limit we report "too many values" without computing the depth.
SCAN_FACTOR: Final = 4

# One level down, or (as a signed byte) up.
BRACKET_DELTAS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
NON_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))

# Integers that JSON carries exactly between most implementations; orjson turns larger ones into floats.
MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**64 - 1
LONG_INTEGER: Final = re.compile(rb"[0-9]{19}")


def loads(text: bytes, limits: Limits, name: str) -> tuple[Any, int]:
    """Parse JSON: UTF-8 only, no NaN or Infinity, no half surrogate pairs. Also returns an upper bound of the depth.

    Raises RequestError: BAD_REQUEST, also with 413; BAD_USER_INPUT for half a pair or an integer beyond 64 bits.
    """
    depth = max_depth(text, limits)
    if depth > limits.json_depth:
        raise bad_request(f"{name} is nested more than {limits.json_depth} levels deep.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "surrogate in string" in error.msg:
            raise bad_input("A string in the request contains half of a surrogate pair.") from None
        raise bad_request(f"{name} is not valid JSON in UTF-8.") from None
    if LONG_INTEGER.search(text):
        json.loads(text, parse_int=parse_integer)
    return value, depth


def parse_integer(digits: str) -> int:
    """Parse an integer. Raises RequestError if it exceeds 64 bits, and would lose precision."""
    if len(digits) > 20 or not MIN_INTEGER <= int(digits) <= MAX_INTEGER:
        raise bad_input("A number in the request does not fit into 64 bits.")
    return int(digits)


def max_depth(text: bytes, limits: Limits) -> int:
    """Return the nesting depth of a JSON text, or an upper bound if that is small. Linear in the length of the text.

    Raises RequestError with 413 if it has too many values: 700,000 fit into 2 MiB, which take a second and 100 MB.
    """
    brackets = text.count(b"[") + text.count(b"{")
    if brackets <= SKIP_SCAN_BRACKETS and text.count(b'"') <= 2 * limits.json_values:
        return brackets
    # Without escaped backslashes and then escaped quotes, the remaining quotes delimit strings.
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
    message = f"The body has {values:,} strings, arrays and objects, where {limits.json_values:,} is the limit."
    return bad_request(message, status=413)
