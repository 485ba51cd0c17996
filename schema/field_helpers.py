"""Ways to define a field, and how graphql-core resolves it.

- `strawberry.field`: an attribute of the row with the field's name;
- `computed_field`: a function of the row and the context;
- `rule_field`: a function of the row and the time;
- `field` and `subscription`: a method with arguments.

Strawberry builds the schema from them; at run time graphql-core calls them directly, with the arguments as it coerced
them, by Python names.
"""

import inspect
from collections.abc import Callable, Collection, Mapping
from operator import attrgetter
from typing import Any, Final, TypeVar, cast

import strawberry
from graphql import GraphQLField, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLUnionType, Undefined
from strawberry.types.field import StrawberryField

from models.session_rules import COLUMNS_OF, Rule
from resolvers.context import Context
from resolvers.pagination.keyset import DEFAULT_SIZE
from transport.executor.extensions import ATTRIBUTE, READ, READS, SHAREABLE, TYPE_NAME

Method = TypeVar("Method", bound=Callable[..., object])

DEFINITION: Final = "strawberry-definition"
"""Key of strawberry's own definition in the extensions of a type or field."""
_RESOLVE: Final = "resolve"
_WEIGHT: Final = "weight"
_SIZE: Final = "size"
_DEFAULT_SIZE: Final = "default_size"
_MAP_ITEM: Final = "map_item"

QUERY_WEIGHT: Final = 50
"""Cost of a field that queries all matching sessions: a count or a statistic."""


def computed_field(  # noqa: PLR0913 - all that a field can declare
    resolve: Callable[[Any, Context], object],
    description: str,
    *,
    reads: Collection[str] | None = None,
    name: str | None = None,
    weight: int | None = None,
    shareable: bool | None = None,
) -> Any:
    """Define a field computed by `resolve`, which may return an awaitable.

    Args:
        resolve: a function of the source and the context.
        description: documentation for clients.
        reads: the attributes of the source that `resolve` reads; None for any.
        name: name in the schema, if it is not that of the attribute.
        weight: cost of the field, if it is more than its size implies.
        shareable: whether `resolve` reads nothing of the caller but its scopes and projects.
    """
    metadata = {_RESOLVE: resolve, READS: reads, _WEIGHT: weight, SHAREABLE: shareable}
    return strawberry.field(name=name, description=description, metadata=metadata)


def attribute_field(attribute: str, description: str, *, name: str | None = None) -> Any:
    """Define a field that is an attribute of the source of another name than its own."""
    return strawberry.field(name=name, description=description, metadata={ATTRIBUTE: attribute})


def rule_field(rule: Rule, description: str, *, convert: Callable[[Any], object] | None = None) -> Any:
    """Define a field of a session by a rule, whose value may be converted."""

    def resolve(row: Any, context: Context) -> object:
        value = rule(row, context.now)
        return value if convert is None else convert(value)

    return computed_field(resolve, description, reads=COLUMNS_OF[rule], shareable=True)


def bounded_list(description: str, *, max_items: int) -> Any:
    """Define a list attribute without size arguments, which costs as much as `max_items` items."""
    return strawberry.field(description=description, metadata={_SIZE: max_items})


def field(  # noqa: PLR0913 - all that a field can declare
    description: str,
    *,
    graphql_type: Any = None,
    reads: Collection[str] | None = None,
    weight: int | None = None,
    sized_by: tuple[str, ...] | None = None,
    shareable: bool | None = None,
) -> Callable[[Method], Method]:
    """Define a field resolved by a method.

    Args:
        description: documentation for clients.
        graphql_type: type of the field, if the method returns rows.
        reads: the attributes of the source that the method reads; None for any.
        weight: cost of the field, if it is more than its size implies.
        sized_by: path to the list in the arguments that has one item for each item of the lists in the result.
        shareable: whether the method reads nothing of the caller but its scopes and projects.
    """

    def decorate(method: Method) -> Method:
        metadata = {READS: reads, _WEIGHT: weight, _SIZE: sized_by, SHAREABLE: shareable}
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
    """Set the resolver and the extensions of a field that strawberry built."""
    definition = graphql_field.extensions[DEFINITION]
    if definition.is_basic_field:
        read = graphql_field.extensions[READ] = definition.metadata.get(_RESOLVE) or _read_attribute(graphql_field)
        graphql_field.resolve = lambda row, info: read(row, info.context)
    elif definition.is_subscription:
        graphql_field.subscribe = _method(definition)
    else:
        graphql_field.resolve = _method(definition)
    if (reads := definition.metadata.get(READS)) is not None:
        graphql_field.extensions[READS] = frozenset(reads)
    if (map_item := definition.metadata.get(_MAP_ITEM)) is not None:
        graphql_field.resolve = lambda item, _info, **_arguments: map_item(item)
    for extension in (_WEIGHT, _SIZE, SHAREABLE):
        if (value := definition.metadata.get(extension)) is not None:
            graphql_field.extensions[extension] = value
    if "first" in graphql_field.args:
        graphql_field.extensions[_DEFAULT_SIZE] = DEFAULT_SIZE
    for argument in graphql_field.args.values():
        argument.out_name = argument.extensions[DEFINITION].python_name
        # Python's default of an optional argument is not a default of the schema.
        if argument.default_value is None:
            argument.default_value = Undefined


def _read_attribute(graphql_field: GraphQLField) -> Callable[[Any, Context], object]:
    definition: StrawberryField = graphql_field.extensions[DEFINITION]
    attribute = definition.metadata.get(ATTRIBUTE, definition.python_name)
    graphql_field.extensions[ATTRIBUTE] = attribute
    graphql_field.extensions[READS] = frozenset({attribute})
    graphql_field.extensions[SHAREABLE] = True
    get = attrgetter(attribute)
    return lambda row, _context: get(row)


def _method(definition: StrawberryField) -> Callable[..., object]:
    assert definition.base_resolver is not None, "it is not a basic field"
    method = cast("Callable[..., object]", definition.base_resolver.wrapped_func)
    if "info" in inspect.signature(method).parameters:
        return method
    return lambda source, _info, **arguments: method(source, **arguments)


def attach_coercion(type_: GraphQLInputObjectType, *, null_clears: bool) -> None:
    """Let graphql-core coerce an input to a dictionary by Python names, without nulls unless null is a value."""
    for field in type_.fields.values():
        field.out_name = field.extensions[DEFINITION].python_name
    # Strawberry checks @oneOf during execution, too late for an error with the position in the document.
    type_.is_one_of = type_.extensions[DEFINITION].is_one_of
    if not null_clears:
        type_.out_type = _without_nulls  # type: ignore[method-assign]  # as graphql-core's constructor does


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    return {name: member for name, member in value.items() if member is not None}


def attach_type_name(
    abstract_type: GraphQLInterfaceType | GraphQLUnionType, type_name: Callable[[Any], str], *reads: str
) -> None:
    """Set how the concrete type of a value is found, from its class and the attributes `reads`."""
    abstract_type.extensions |= {TYPE_NAME: type_name, READS: frozenset(reads)}
    abstract_type.resolve_type = lambda value, *_: type_name(value)


def by_class(names: Mapping[type, str]) -> Callable[[Any], str]:
    """Return the function that names the type of an item by its class."""
    return lambda item: names[type(item)]
