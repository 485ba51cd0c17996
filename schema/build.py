"""The schema as graphql-core executes it, and as text."""

from typing import Final

import strawberry
from graphql import (
    GraphQLDeferDirective,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    print_schema,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter

from schema.feed import resolve_item_type
from schema.field_helpers import DEFINITION, attach_resolver
from schema.kinds import SESSION_TYPES
from schema.mutations import Mutation
from schema.queries import Query
from schema.scalars import SCALARS
from schema.subscriptions import Subscription


class CachingNameConverter(NameConverter):
    """Arguments are converted by name each time that a field is resolved: the names are known then."""

    def __init__(self) -> None:
        super().__init__()
        self._cache: dict[str, str] = {}

    def apply_naming_config(self, name: str) -> str:
        converted = self._cache.get(name)
        if converted is None:
            converted = self._cache[name] = super().apply_naming_config(name)
        return converted


def _build() -> GraphQLSchema:
    config = StrawberryConfig(scalar_map=SCALARS, name_converter=CachingNameConverter())
    schema = strawberry.Schema(Query, Mutation, Subscription, types=SESSION_TYPES, config=config)._schema  # noqa: SLF001 - the only way to it
    for type_ in schema.type_map.values():
        if DEFINITION in type_.extensions:
            _patch_type(type_)
    schema.directives = (*schema.directives, GraphQLDeferDirective)
    return schema


def _patch_type(type_: GraphQLNamedType) -> None:
    """What strawberry leaves to do of a type."""
    if isinstance(type_, GraphQLObjectType):
        type_.is_type_of = None  # the interfaces say what a row is: nothing is left to ask
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for field in type_.fields.values():
            attach_resolver(field)
    if isinstance(type_, GraphQLUnionType):
        type_.resolve_type = resolve_item_type
    if isinstance(type_, GraphQLInputObjectType):
        # strawberry checks @oneOf too late for an error at the place in the document.
        type_.is_one_of = type_.extensions[DEFINITION].is_one_of


graphql_schema: Final = _build()


def sdl() -> str:
    """The schema in GraphQL's own language, with descriptions."""
    return print_schema(graphql_schema) + "\n"
