"""What clients see: types, inputs, queries, mutations. Each method translates in, calls a resolver, translates out."""

from schema.build import graphql_schema, sdl

__all__ = ["graphql_schema", "sdl"]
