"""Compatibility with the released schema, and the committed printed schema."""

from pathlib import Path

from graphql import GraphQLInputField, GraphQLInputObjectType, GraphQLSchema, build_schema, print_ast
from graphql.utilities import DangerousChangeType, find_breaking_changes, find_dangerous_changes

import schema
from schema import graphql_schema, sdl

PRINTED_SCHEMA = Path(schema.__file__).with_name("schema.graphql")
BASELINE = build_schema(Path(__file__).with_name("baseline.graphql").read_text(encoding="utf-8"), assume_valid=True)


def input_types(of: GraphQLSchema) -> dict[str, GraphQLInputObjectType]:
    return {name: type_ for name, type_ in of.type_map.items() if isinstance(type_, GraphQLInputObjectType)}


def default_literal(field: GraphQLInputField) -> str | None:
    literal = None if field.default is None else field.default.literal
    return None if literal is None else print_ast(literal)


def test_schema_has_no_breaking_changes_and_no_other_argument_defaults() -> None:
    assert [change.description for change in find_breaking_changes(BASELINE, graphql_schema)] == []
    changed = DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE
    dangerous = find_dangerous_changes(BASELINE, graphql_schema)
    assert [change.description for change in dangerous if change.type == changed] == []


def test_input_field_defaults_are_unchanged() -> None:
    ours = input_types(build_schema(sdl()))
    for name, released in input_types(BASELINE).items():
        for field, of_field in released.fields.items():
            assert default_literal(ours[name].fields[field]) == default_literal(of_field), f"{name}.{field}"


def test_committed_schema_is_current() -> None:
    assert sdl() == PRINTED_SCHEMA.read_text(encoding="utf-8"), (
        "print it: python main.py schema > schema/schema.graphql"
    )
