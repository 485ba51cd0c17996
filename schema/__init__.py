"""The GraphQL schema. Each method translates its arguments, calls a resolver, and translates the result."""

from schema.build import graphql_schema, sdl

__all__ = ["graphql_schema", "sdl"]
