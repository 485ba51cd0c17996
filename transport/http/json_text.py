"""JSON from clients: strict, and never deep."""

from typing import Any

import orjson

from transport.errors import Refusal, bad_input, bad_request
from transport.settings import Limits


def load(text: bytes, limits: Limits, what: str) -> Any:
    """The value of a JSON text. orjson is strict: UTF-8 only, no NaN or Infinity, no half characters."""
    if nesting(text) > limits.json_depth:
        raise bad_request(f"{what} is nested more than {limits.json_depth} levels deep.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise malformed(error, what) from None


def malformed(error: orjson.JSONDecodeError, what: str) -> Refusal:
    """Why a text is no JSON; half of a surrogate pair is a bad string in good JSON."""
    if "surrogate in string" in error.msg:
        return bad_input("A string in the request contains half of a surrogate pair.")
    return bad_request(f"{what} is not valid JSON in UTF-8.")


def nesting(text: bytes) -> int:
    """How deep arrays and objects stand in one another in a JSON text, or more. Time is linear, whatever the text.

    Brackets in strings do not count. Of what remains, the innermost pairs are taken away again and again.
    """
    most = text.count(b"[") + text.count(b"{")
    if most <= 16:
        return most
    outside = b"".join(text.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    brackets = outside.translate(bytes.maketrans(b"{}", b"[]"), bytes(set(range(256)) - set(b"[]{}")))
    depth = 0
    while brackets and depth <= 128:
        depth += 1
        fewer = brackets.replace(b"[]", b"")
        if len(fewer) == len(brackets):
            return depth + len(brackets)  # unbalanced: no JSON, and perhaps very deep
        brackets = fewer
    return depth
