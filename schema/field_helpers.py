"""How a field comes by its value.

- It has the name of an attribute of its row: type and description are all it needs.
- It is worked out from the row: `derived`.
- It takes arguments, or begins an operation: a method under `resolved`.

The first two are plain functions of graphql-core, past strawberry's handling of arguments: answers are mostly made of
them.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, TypeVar, cast

import strawberry
from graphql import GraphQLField, GraphQLFieldResolver, Undefined
from strawberry.types.field import StrawberryField

from resolvers.context import Context

Row = TypeVar("Row")
Method = TypeVar("Method", bound=Callable[..., object])

DEFINITION: Final = "strawberry-definition"
"""Where strawberry keeps its own description of a part of the schema."""
_RESOLVE: Final = "read"
_WEIGHT: Final = "weight"
_SIZE: Final = "size"
_MAP_ITEM: Final = "show"

QUERY_WEIGHT: Final = 50
"""The weight of a field that asks the database about all sessions that match: a count, a statistic."""


def computed_field(
    resolve: Callable[[Row, Context], object], description: str, *, name: str | None = None, weight: int | None = None
) -> Any:
    """A field that `read` works out from the row and the context of the operation; it may answer an awaitable."""
    return strawberry.field(name=name, description=description, metadata={_RESOLVE: resolve, _WEIGHT: weight})


def bounded_list(description: str, *, max_items: int) -> Any:
    """A list that is an attribute of its row, and as long as it gets: `most` items, of which each has its cost."""
    return strawberry.field(description=description, metadata={_SIZE: max_items})


def field(description: str, *, graphql_type: Any = None, weight: int | None = None) -> Callable[[Method], Method]:
    """A field that a method resolves.

    Args:
        description: what clients read of it.
        of: its GraphQL type, where the method answers rows.
        weight: what it counts towards the cost of a document, where that is more than its size says.
    """

    def decorate(method: Method) -> Method:
        metadata = {_WEIGHT: weight}
        return cast(
            "Method", strawberry.field(method, description=description, graphql_type=graphql_type, metadata=metadata)
        )

    return decorate


def subscription(
    description: str, *, graphql_type: Any, map_item: Callable[[Any], object] | None = None
) -> Callable[[Method], Method]:
    """A field of the type Subscription: a method that answers a source, whose items are then its values.

    Args:
        description: what clients read of it.
        of: its GraphQL type.
        show: makes of an item what its type is read from, where that is something else.
    """

    def decorate(method: Method) -> Method:
        metadata = {_MAP_ITEM: map_item}
        made = strawberry.subscription(method, description=description, graphql_type=graphql_type, metadata=metadata)
        return cast("Method", made)

    return decorate


def attach_resolver(graphql_field: GraphQLField) -> None:
    """What strawberry leaves to do of a field: the plain function, what it costs, arguments without a default."""
    definition = graphql_field.extensions[DEFINITION]
    if definition.is_basic_field:
        graphql_field.resolve = _plain_resolver(definition)
    if (map_item := definition.metadata.get(_MAP_ITEM)) is not None:
        graphql_field.resolve = lambda item, _info, **_arguments: map_item(item)
    if (weight := definition.metadata.get(_WEIGHT)) is not None:
        graphql_field.extensions[_WEIGHT] = weight
    if (size := definition.metadata.get(_SIZE)) is not None:
        graphql_field.extensions[_SIZE] = size
    for argument in graphql_field.args.values():
        # A method says None where an argument may be left out; to clients that is no default.
        if argument.default_value is None:
            argument.default_value = Undefined


def _plain_resolver(definition: StrawberryField) -> GraphQLFieldResolver:
    resolve = definition.metadata.get(_RESOLVE)
    if resolve is None:
        get = attrgetter(definition.python_name)
        return lambda row, _info: get(row)
    return lambda row, info: resolve(row, info.context)
