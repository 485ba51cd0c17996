"""The graphql-core schema, and its printed form."""

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

from schema.feed import ITEM_TYPE_NAMES
from schema.field_helpers import DEFINITION, attach_coercion, attach_resolver, attach_type_name, by_class
from schema.kinds import SESSION_TYPES
from schema.model_types import NULL_CLEARS
from schema.mutations import Mutation
from schema.node import INTERFACE_TYPE_NAMES
from schema.queries import Query
from schema.scalars import SCALARS
from schema.subscriptions import Subscription

DESCRIPTION: Final = (
    "Sessions of five kinds: what is in use, by which subject, on which path and for how long. Clients start a session "
    "and keep it alive; dashboards query, count and subscribe. Times are the server's, durations are in seconds. "
    "Mutations return problems with their input as data; everything else that fails is a GraphQL error with a code in "
    "`extensions.code`."
)


def _build() -> GraphQLSchema:
    config = StrawberryConfig(scalar_map=SCALARS)
    schema = strawberry.Schema(Query, Mutation, Subscription, types=SESSION_TYPES, config=config)._schema  # noqa: SLF001 - not public
    for type_ in schema.type_map.values():
        if DEFINITION in type_.extensions:
            _patch_type(type_)
    # graphql-core executes @defer but does not declare it by default.
    schema.directives = (*schema.directives, GraphQLDeferDirective)
    schema.description = DESCRIPTION
    return schema


def _patch_type(type_: GraphQLNamedType) -> None:
    if isinstance(type_, GraphQLObjectType):
        type_.is_type_of = None  # redundant: interfaces and unions resolve the type of a row by name
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for field in type_.fields.values():
            attach_resolver(field)
    if isinstance(type_, GraphQLInterfaceType) and type_.name in INTERFACE_TYPE_NAMES:
        attach_type_name(type_, INTERFACE_TYPE_NAMES[type_.name], "kind")
    if isinstance(type_, GraphQLUnionType):
        attach_type_name(type_, by_class(ITEM_TYPE_NAMES))
    if isinstance(type_, GraphQLInputObjectType):
        attach_coercion(type_, null_clears=type_.extensions[DEFINITION].origin in NULL_CLEARS)


graphql_schema: Final = _build()


def sdl() -> str:
    """Print the schema as GraphQL SDL, with descriptions."""
    return print_schema(graphql_schema) + "\n"
