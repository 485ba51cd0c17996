"""JSON as it is stored: compact text, and the column type that holds it."""

from typing import Any

import orjson
from sqlalchemy import Dialect, Text, TypeDecorator

from models.errors import UnreadableValue


def dumps(value: Any) -> str:
    """Encode compactly; members of objects keep their order."""
    return orjson.dumps(value).decode()


def canonical(value: Any) -> bytes:
    """Encode with sorted members, so that equal values have equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def loads(text: str | bytes) -> Any:
    return orjson.loads(text)


def depth(value: Any) -> int:
    """Return the nesting of objects and lists: 0 for a scalar, 1 for `{}`."""
    # Level by level, because recursion could exceed Python's limit.
    deepest, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        deepest += 1
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return deepest


class JsonText(TypeDecorator[Any]):
    """A JSON value as text. SQLite cannot index inside it: what is filtered or sorted has a column."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        try:
            return None if value is None else orjson.loads(value)
        except orjson.JSONDecodeError as error:
            # What was stored was JSON. Not chained: the error holds the text.
            raise UnreadableValue(f"a value is not JSON: {error.msg}") from None
