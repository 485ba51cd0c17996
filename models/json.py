"""JSON as it is stored: one canonical text for one value, so that equal values are equal text."""

from typing import Any

import orjson


def dumps(value: Any) -> str:
    """Compact JSON text; members of objects keep their order."""
    return orjson.dumps(value).decode()


def canonical(value: Any) -> bytes:
    """Compact JSON with members sorted by name: the form to compare and to hash."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def loads(text: str | bytes) -> Any:
    """The value of a stored text."""
    return orjson.loads(text)


def depth(value: Any) -> int:
    """How deep objects and lists are nested: 0 for a scalar, 1 for `{}`."""
    deepest, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        deepest += 1
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return deepest
