"""Compatibility with the schema of the last release, and the committed printed schema."""

from pathlib import Path
from typing import Final

import pytest
from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLSchema,
    SchemaDefinitionNode,
    build_schema,
    parse,
    print_ast,
)
from graphql.utilities import DangerousChangeType, find_breaking_changes, find_dangerous_changes

import schema
from schema import sdl

PRINTED_SCHEMA: Final = Path(schema.__file__).with_name("schema.graphql")
RELEASED_SCHEMA: Final = Path(__file__).with_name("baseline.graphql")
ADVICE: Final = (
    "These changes break clients of the last release. Keep what clients use and add the new beside it, or list each "
    "change in CHANGELOG.md with the way over, and follow CONTRIBUTING.md, Change the schema:"
)


def find_breaks(released: GraphQLSchema, current: GraphQLSchema) -> list[str]:
    """Describe all changes that break clients; other defaults of arguments and input fields are among them."""
    breaking = [change.description for change in find_breaking_changes(released, current)]
    dangerous = find_dangerous_changes(released, current)
    arguments = [
        change.description for change in dangerous if change.type == DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE
    ]
    return [*breaking, *arguments, *_changed_input_defaults(released, current)]


def _changed_input_defaults(released: GraphQLSchema, current: GraphQLSchema) -> list[str]:
    types = [type_ for type_ in released.type_map.values() if isinstance(type_, GraphQLInputObjectType)]
    return [
        f"{type_.name}.{name} has changed defaultValue from {_default(field)} to {_default(ours.fields[name])}."
        for type_ in types
        if isinstance(ours := current.type_map.get(type_.name), GraphQLInputObjectType)
        for name, field in type_.fields.items()
        if name in ours.fields and _default(ours.fields[name]) != _default(field)
    ]


def _default(field: GraphQLInputField) -> str | None:
    literal = None if field.default is None else field.default.literal
    return None if literal is None else print_ast(literal)


def test_schema_breaks_no_client_of_the_last_release() -> None:
    released = build_schema(RELEASED_SCHEMA.read_text(encoding="utf-8"), assume_valid=True)
    breaks = find_breaks(released, build_schema(sdl()))
    assert not breaks, "\n- ".join([ADVICE, *breaks])


@pytest.mark.parametrize(
    ("released", "changed", "named"),
    [
        ("  viewer: Viewer\n", "  caller: Viewer\n", "Query.viewer was removed."),
        ("scopes: [Scope!]!", "scopes: [Scope!]", "scopes changed type from [Scope!]! to [Scope!]."),
        ("input TerminateSessionInput {", "input TerminateSessionInput { extra: Int!", "TerminateSessionInput.extra"),
        ("heartbeats: Boolean = false", "heartbeats: Boolean = true", "heartbeats"),
        ("rank: Float! = 0", "rank: Float! = 1", "AgendaSessionInput.rank has changed defaultValue from 0 to 1."),
        ("implements SessionPayload", "", "SessionPayload"),
        ("  TERMINATED\n", "  DISMISSED\n", "EndReason.TERMINATED was removed."),
    ],
)
def test_change_that_breaks_clients_is_named(released: str, changed: str, named: str) -> None:
    before = sdl()
    assert released in before
    after = build_schema(before.replace(released, changed, 1), assume_valid=True)
    (change,) = find_breaks(build_schema(before), after)
    assert named in change


def test_committed_schema_is_current() -> None:
    assert sdl() == PRINTED_SCHEMA.read_text(encoding="utf-8"), (
        "print it: python main.py schema > schema/schema.graphql"
    )


def test_printed_schema_has_description_of_itself() -> None:
    (definition,) = (each for each in parse(sdl()).definitions if isinstance(each, SchemaDefinitionNode))
    assert definition.description is not None
    assert definition.description.value.startswith("Sessions of five kinds")


def test_custom_scalars_refer_to_their_specification() -> None:
    scalars = {
        name: type_ for name, type_ in build_schema(sdl()).type_map.items() if hasattr(type_, "specified_by_url")
    }
    urls = {name: scalars[name].specified_by_url for name in ("DateTime", "JSON", "Base64", "Upload")}
    assert urls == {
        "DateTime": "https://scalars.graphql.org/andimarek/date-time.html",
        "JSON": "https://datatracker.ietf.org/doc/html/rfc8259",
        "Base64": "https://datatracker.ietf.org/doc/html/rfc4648#section-4",
        "Upload": "https://github.com/jaydenseric/graphql-multipart-request-spec",
    }
