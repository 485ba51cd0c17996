"""What a client gives as a filter, in plain values: checked, and the same text for the same filter."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from pydantic.alias_generators import to_camel

from resolvers.errors import BadUserInput

MAX_VALUES: Final = 500
_INT_END: Final = 2**63


def plain(given: Mapping[str, Any], at: str = "filter") -> dict[str, Any]:
    """Enum members as their text, lists as tuples (sorted where their order says nothing), what is null left out.

    Raises:
        BadUserInput: a list has more than 500 values, or a value is none that can be stored.
    """
    return {name: _plain(value, name, at) for name, value in sorted(given.items()) if value is not None}


def _plain(value: Any, name: str, at: str) -> Any:
    if isinstance(value, Mapping):
        return plain(value, _inside(at, name))
    if not isinstance(value, list | tuple):
        return _scalar(value, name, at)
    if len(value) > MAX_VALUES:
        raise BadUserInput(f"{_inside(at, name)} takes at most {MAX_VALUES} values, not {len(value)}")
    values = [_scalar(item, name, at) for item in value]
    return tuple(values if name == "path_prefix" else sorted(set(values)))


def _scalar(value: Any, name: str, at: str) -> Any:
    found = value.value if isinstance(value, Enum) else value
    if isinstance(found, str) and not found.isascii() and any("\ud800" <= char <= "\udfff" for char in found):
        raise BadUserInput(f"{_inside(at, name)} has half a character (a lone surrogate)")
    if isinstance(found, int) and not -_INT_END <= found < _INT_END:
        raise BadUserInput(f"{_inside(at, name)} has a number beyond 64 bits")
    return found


def _inside(at: str, name: str) -> str:
    return f"{at}.{to_camel(name)}"
