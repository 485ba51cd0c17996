"""Inputs as the plain values that resolvers take."""

from dataclasses import fields
from typing import Any

import strawberry
from strawberry.types import has_object_definition


def input_to_dict(value: Any, *, keep_null: bool = False) -> dict[str, Any]:
    """What a client gave of an input, by Python names; inputs inside it alike.

    Args:
        value: an input, or None, which gives nothing.
        keep_null: whether null says something, as in an update, where it clears a field; else it is "not given".
    """
    if value is None:
        return {}
    values = {field.name: getattr(value, field.name) for field in fields(value)}
    return {
        name: _value_to_plain(item, keep_null=keep_null)
        for name, item in values.items()
        if item is not strawberry.UNSET and (keep_null or item is not None)
    }


def _value_to_plain(value: Any, *, keep_null: bool) -> Any:
    if isinstance(value, list):
        return [_value_to_plain(item, keep_null=keep_null) for item in value]
    return input_to_dict(value, keep_null=keep_null) if has_object_definition(value) else value
