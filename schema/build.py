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

from schema.feed import type_of_item
from schema.field_helpers import DEFINITION, finish_field
from schema.kinds import SESSION_TYPES
from schema.mutations import Mutation
from schema.queries import Query
from schema.scalars import SCALARS
from schema.subscriptions import Subscription


class NamesOnce(NameConverter):
    """Arguments are converted by name each time that a field is resolved: the names are known then."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, str] = {}

    def apply_naming_config(self, name: str) -> str:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = super().apply_naming_config(name)
        return known


def _build() -> GraphQLSchema:
    config = StrawberryConfig(scalar_map=SCALARS, name_converter=NamesOnce())
    schema = strawberry.Schema(Query, Mutation, Subscription, types=SESSION_TYPES, config=config)._schema  # noqa: SLF001 - the only way to it
    for type_ in schema.type_map.values():
        if DEFINITION in type_.extensions:
            _finish(type_)
    schema.directives = (*schema.directives, GraphQLDeferDirective)
    return schema


def _finish(type_: GraphQLNamedType) -> None:
    """What strawberry leaves to do of a type."""
    if isinstance(type_, GraphQLObjectType):
        type_.is_type_of = None  # the interfaces say what a row is: nothing is left to ask
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for field in type_.fields.values():
            finish_field(field)
    if isinstance(type_, GraphQLUnionType):
        type_.resolve_type = type_of_item
    if isinstance(type_, GraphQLInputObjectType):
        # strawberry checks @oneOf too late for an error at the place in the document.
        type_.is_one_of = type_.extensions[DEFINITION].is_one_of


graphql_schema: Final = _build()


def sdl() -> str:
    """The schema in GraphQL's own language, with descriptions."""
    return print_schema(graphql_schema) + "\n"
