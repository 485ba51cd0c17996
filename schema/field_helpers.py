"""Ways to define a field, and how graphql-core resolves it.

- `strawberry.field`: an attribute of the row with the field's name;
- `computed_field`: a function of the row and the context;
- `field` and `subscription`: a method with arguments.

The first two become plain graphql-core resolvers, without strawberry's argument handling: most of a response is made of
them.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final, TypeVar, cast

import strawberry
from graphql import GraphQLField, Undefined
from strawberry.schema.name_converter import NameConverter
from strawberry.types.field import StrawberryField

from resolvers.context import Context
from resolvers.pagination.keyset import DEFAULT_SIZE

Method = TypeVar("Method", bound=Callable[..., object])

DEFINITION: Final = "strawberry-definition"
"""Key of strawberry's own definition in the extensions of a type or field."""
_READ: Final = "read"
"""Key of a function that the transport calls in place of the resolver."""
_RESOLVE: Final = "resolve"
_WEIGHT: Final = "weight"
_SIZE: Final = "size"
_DEFAULT_SIZE: Final = "default_size"
_MAP_ITEM: Final = "map_item"

QUERY_WEIGHT: Final = 50
"""Cost of a field that queries all matching sessions: a count or a statistic."""


def computed_field(
    resolve: Callable[[Any, Context], object], description: str, *, name: str | None = None, weight: int | None = None
) -> Any:
    """Define a field computed by `resolve`, which may return an awaitable."""
    return strawberry.field(name=name, description=description, metadata={_RESOLVE: resolve, _WEIGHT: weight})


def bounded_list(description: str, *, max_items: int) -> Any:
    """Define a list attribute without size arguments, which costs as much as `max_items` items."""
    return strawberry.field(description=description, metadata={_SIZE: max_items})


def field(
    description: str, *, graphql_type: Any = None, weight: int | None = None, sized_by: tuple[str, ...] | None = None
) -> Callable[[Method], Method]:
    """Define a field resolved by a method.

    Args:
        description: documentation for clients.
        graphql_type: type of the field, if the method returns rows.
        weight: cost of the field, if it is more than its size implies.
        sized_by: path to the list in the arguments that has one item for each item of the lists in the result.
    """

    def decorate(method: Method) -> Method:
        metadata = {_WEIGHT: weight, _SIZE: sized_by}
        return cast(
            "Method", strawberry.field(method, description=description, graphql_type=graphql_type, metadata=metadata)
        )

    return decorate


def subscription(
    description: str, *, graphql_type: Any, map_item: Callable[[Any], object] | None = None
) -> Callable[[Method], Method]:
    """Define a subscription by a method that returns its source; `map_item` converts an item to a GraphQL object."""

    def decorate(method: Method) -> Method:
        metadata = {_MAP_ITEM: map_item}
        return cast(
            "Method",
            strawberry.subscription(method, description=description, graphql_type=graphql_type, metadata=metadata),
        )

    return decorate


def attach_resolver(graphql_field: GraphQLField) -> None:
    """Set the resolver and the cost of a field that strawberry built."""
    definition = graphql_field.extensions[DEFINITION]
    if definition.is_basic_field:
        read = graphql_field.extensions[_READ] = _reader(definition)
        graphql_field.resolve = lambda row, info: read(row, info.context)
    if (map_item := definition.metadata.get(_MAP_ITEM)) is not None:
        graphql_field.resolve = lambda item, _info, **_arguments: map_item(item)
    if (weight := definition.metadata.get(_WEIGHT)) is not None:
        graphql_field.extensions[_WEIGHT] = weight
    if (size := definition.metadata.get(_SIZE)) is not None:
        graphql_field.extensions[_SIZE] = size
    if "first" in graphql_field.args:
        graphql_field.extensions[_DEFAULT_SIZE] = DEFAULT_SIZE
    for argument in graphql_field.args.values():
        # Python's default of an optional argument is not a default of the schema.
        if argument.default_value is None:
            argument.default_value = Undefined


def _reader(definition: StrawberryField) -> Callable[[Any, Context], object]:
    resolve: Callable[[Any, Context], object] | None = definition.metadata.get(_RESOLVE)
    if resolve is None:
        get = attrgetter(definition.python_name)
        return lambda row, _context: get(row)
    return resolve


def resolve_by_class(names: Mapping[type, str]) -> Callable[..., str]:
    """Return the type resolver of a union whose members differ by the class of the item."""
    return lambda item, *_: names[type(item)]


class CachingNameConverter(NameConverter):
    """strawberry converts the names of arguments again for each call of a resolver."""

    def __init__(self) -> None:
        super().__init__()
        self._cache: dict[str, str] = {}

    def apply_naming_config(self, name: str) -> str:
        converted = self._cache.get(name)
        if converted is None:
            converted = self._cache[name] = super().apply_naming_config(name)
        return converted
