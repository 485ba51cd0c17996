"""Errors in production mode name nothing of the schema that the client has not sent (as clairvoyance guesses it)."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, is_enum_type

from schema import graphql_schema
from tests.security.production import Production

WORDS_OF_MESSAGES: Final = frozenset(
    ("operation", "fields", "field", "value", "values", "type", "limit", "name", "number", "input", "from", "to")
)
"""Words of messages that are names of the schema too."""


def schema_names() -> set[str]:
    """Return the names of types, fields, arguments, input fields and enum values."""
    names: set[str] = set()
    for type_ in graphql_schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        names.add(type_.name)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                names |= {name, *field.args}
        elif isinstance(type_, GraphQLInputObjectType):
            names |= {*type_.fields}
        elif is_enum_type(type_):
            names |= {*type_.values}
    return names


NAMES: Final = schema_names()


def words(text: str) -> set[str]:
    return set(re.findall(r"[_A-Za-z]\w*", text))


def mistyped(name: str) -> str:
    """Return a name that is close enough for a suggestion."""
    return f"{name[:-1]}{'x' if name[-1] != 'x' else 'y'}x"


def guesses() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield documents that guess: with typos, without arguments and selections, with values of other types."""
    for operation in ("query", "mutation", "subscription"):
        for name, field in getattr(graphql_schema, f"{operation}_type").fields.items():
            for selection in ("", "{ guess }", "{ ... on Guess { id } }"):
                yield f"{operation} {{ {name} {selection} }}", {}
            yield f"{operation} {{ {mistyped(name)} }}", {}
            for argument, definition in field.args.items():
                yield from argument_guesses(f"{operation}", name, argument, str(definition.type))
    for name in sorted(NAMES):
        yield f"{{ node(id: {mistyped(name)}) {{ {mistyped(name)} ... on {mistyped(name)} {{ id }} }} }}", {}
    for type_ in graphql_schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            wrong: list[Any] = [
                7,
                {},
                {mistyped(field): 1 for field in type_.fields},
                {name: [] for name in type_.fields},
            ]
            for sent in wrong:
                yield f"query($v: {type_.name}!) {{ viewer(v: $v) {{ id }} }}", {"v": sent}


def argument_guesses(operation: str, field: str, argument: str, type_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for guess in (mistyped(argument), argument):
        for literal in ("7", '"x"', "GUESS", "{guess: 1}", "{}", "[1.5]", "null"):
            yield f"{operation} {{ {field}({guess}: {literal}) {{ __typename }} }}", {}
    values: list[Any] = [7, "x", {}, {"guess": 1}, [1.5], None]
    for value in values:
        yield f"{operation}($v: {type_}) {{ {field}({argument}: $v) {{ __typename }} }}", {"v": value}


def test_guesses_cover_the_schema() -> None:
    documents = [document for document, _ in guesses()]
    assert len(NAMES) > 400
    assert len(documents) > 1_000
    assert {name for name in NAMES if not any(mistyped(name) in document for document in documents)} == set()


async def test_errors_in_production_name_only_what_was_sent(production: Production) -> None:
    assert await guess(production, [*guesses()][::40]) > 30


@pytest.mark.security
async def test_no_guess_reveals_a_name(production: Production) -> None:
    assert await guess(production, [*guesses()]) > 1_200


async def guess(production: Production, attempts: list[tuple[str, dict[str, Any]]]) -> int:
    """Send guesses; no error may have a name of the schema that was not sent. Returns how many were refused."""
    refused, revealed = 0, {}
    for document, variables in attempts:
        request = {"query": document, "variables": variables}
        response = await production.api.http.post("/graphql", json=request, headers=production.headers("reader"))
        body = response.json()
        if "data" not in body:
            refused += 1
            shown = " ".join(str((e["message"], e["extensions"].get("inputPath"))) for e in body["errors"])
            if named := words(shown) & NAMES - words(document) - words(str(variables)) - WORDS_OF_MESSAGES:
                revealed[shown] = named
            assert "Did you mean" not in shown
    assert revealed == {}
    return refused


@pytest.mark.parametrize(
    "document", ["{ viewr { name } }", "{ viewer { nam } }", "{ sessions(frist: 1) { nodes { id } } }"]
)
async def test_error_in_production_says_where_the_fault_is(production: Production, document: str) -> None:
    headers = production.headers("admin")
    hidden = await production.api.http.post("/graphql", json={"query": document}, headers=headers)
    (error,) = hidden.json()["errors"]
    assert error["message"] == "The operation does not fit the schema here."
    assert error["locations"]
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
