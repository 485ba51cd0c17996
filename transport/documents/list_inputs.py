"""Lists in variables: how many items a client sends where the schema wants lists.

The executor reads every one of them before a resolver can object, so they are counted first. Only what the schema
declares as a list is: arrays in a JSON scalar are that scalar's matter.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)

from transport.errors import too_complex
from transport.settings import Limits

ListFields: TypeAlias = Mapping[str, Mapping[str, GraphQLInputType]]
"""By the name of an input type, its fields that are lists or have lists somewhere inside."""


def find_list_fields(schema: GraphQLSchema) -> ListFields:
    """The input types of a schema that hold lists, directly or not; they may refer to one another in circles."""
    types = [type_ for type_ in schema.type_map.values() if isinstance(type_, GraphQLInputObjectType)]
    list_fields: dict[str, dict[str, GraphQLInputType]] = {}
    changed = True
    while changed:
        changed = False
        for type_ in types:
            fields = {
                name: field.type for name, field in type_.fields.items() if contains_list(field.type, list_fields)
            }
            if len(fields) > len(list_fields.get(type_.name, ())):
                list_fields[type_.name] = fields
                changed = True
    return list_fields


def contains_list(type_: GraphQLInputType, list_types: Iterable[str]) -> bool:
    """Whether a value of the type may have lists in it, or be one."""
    return is_list_type(unwrap_non_null(type_)) or get_named_type(type_).name in list_types


def count_items(value: Any, type_: GraphQLInputType, list_fields: ListFields, limits: Limits) -> int:
    """The items of all lists in the value of a variable. Raises Refusal if one of them is too long, or all together."""
    count = 0
    stack: list[tuple[Any, GraphQLInputType]] = [(value, type_)]
    while stack:
        value, declared_type = stack.pop()
        declared_type = unwrap_non_null(declared_type)
        if is_list_type(declared_type):
            # One value stands for a list of one.
            items = value if isinstance(value, list) else [value]
            count += len(items)
            if len(items) > limits.list_size:
                raise too_complex("list size", limits.list_size, len(items))
            if count > limits.cost:
                raise too_complex("cost", limits.cost)
            if contains_list(declared_type.of_type, list_fields):
                stack.extend((item, declared_type.of_type) for item in items)
        elif is_input_object_type(declared_type) and isinstance(value, dict):
            fields = list_fields[declared_type.name]
            stack.extend((value[name], field) for name, field in fields.items() if value.get(name) is not None)
    return count


def unwrap_non_null(type_: Any) -> Any:
    """The type without its exclamation mark."""
    return type_.of_type if is_non_null_type(type_) else type_
