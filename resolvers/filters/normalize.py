"""What a client gives as a filter, in plain values: checked, and the same text for the same filter."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from pydantic.alias_generators import to_camel

from resolvers.errors import BadUserInput

MAX_VALUES: Final = 500
_INT64_END: Final = 2**63


def normalize(values: Mapping[str, Any], path: str = "filter") -> dict[str, Any]:
    """Enum members as their text, lists as tuples (sorted where their order says nothing), what is null left out.

    Raises:
        BadUserInput: a list has more than 500 values, or a value is none that can be stored.
    """
    return {name: _normalize_value(value, name, path) for name, value in sorted(values.items()) if value is not None}


def _normalize_value(value: Any, name: str, path: str) -> Any:
    if isinstance(value, Mapping):
        return normalize(value, _field_path(path, name))
    if not isinstance(value, list | tuple):
        return _normalize_scalar(value, name, path)
    if len(value) > MAX_VALUES:
        raise BadUserInput(f"{_field_path(path, name)} takes at most {MAX_VALUES} values, not {len(value)}")
    values = [_normalize_scalar(item, name, path) for item in value]
    return tuple(values if name == "path_prefix" else sorted(set(values)))


def _normalize_scalar(value: Any, name: str, path: str) -> Any:
    found = value.value if isinstance(value, Enum) else value
    if isinstance(found, str) and not found.isascii() and any("\ud800" <= char <= "\udfff" for char in found):
        raise BadUserInput(f"{_field_path(path, name)} has half a character (a lone surrogate)")
    if isinstance(found, int) and not -_INT64_END <= found < _INT64_END:
        raise BadUserInput(f"{_field_path(path, name)} has a number beyond 64 bits")
    return found


def _field_path(path: str, name: str) -> str:
    return f"{path}.{to_camel(name)}"
