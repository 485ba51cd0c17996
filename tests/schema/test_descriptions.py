"""Descriptions of the schema."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from schema import graphql_schema


def described_parts(type_: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """Yield the parts of a type that can have a description, and their descriptions."""
    yield type_.name, type_.description
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in type_.fields.items():
            yield f"{type_.name}.{name}", field.description
            for argument in field.args:
                yield f"{type_.name}.{name}({argument}:)", field.args[argument].description
    elif isinstance(type_, GraphQLInputObjectType):
        yield from ((f"{type_.name}.{name}", of.description) for name, of in type_.fields.items())
    elif isinstance(type_, GraphQLEnumType):
        yield from ((f"{type_.name}.{name}", of.description) for name, of in type_.values.items())


def test_every_part_of_schema_has_description() -> None:
    ours = [
        type_
        for type_ in graphql_schema.type_map.values()
        if not is_introspection_type(type_) and not is_specified_scalar_type(type_)
    ]
    assert [name for type_ in ours for name, description in described_parts(type_) if not description] == []
