"""Errors of input values: each with its path from the argument, in plain words."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
import orjson
import pytest
from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema, StringValueNode, build_schema
from starlette.applications import Starlette
from starlette.routing import Route

from tests.transport.fake_app import GraphQLClient, with_limits
from transport import Access, Client, GraphQLEndpoint, TransportSettings

SDL: Final = """
scalar Code
scalar Json
enum Color { RED GREEN }
input Box { size: Int! = 1 color: Color name: String! codes: [Code!] inner: Box choice: Choice
  ratio: Float flag: Boolean id: ID json: Json grid: [[Int]] }
input Choice @oneOf { a: Int b: String c: Box }
type Query {
  box(box: Box!, other: Box, list: [Box!], n: Int = 1): String
  more(box: Box): Query
}
"""


def _parse_code(value: object) -> object:
    if value == "crash":
        raise ValueError("a secret")
    if not isinstance(value, str):
        raise GraphQLError("must be a code")
    return value


def _parse_json(node: Any) -> object:
    if any(field.name.value == "bad" for field in getattr(node, "fields", ())):
        raise GraphQLError("must not be bad")
    return {}


def _schema() -> GraphQLSchema:
    schema = build_schema(SDL)
    code, json = schema.type_map["Code"], schema.type_map["Json"]
    assert isinstance(code, GraphQLScalarType)
    assert isinstance(json, GraphQLScalarType)
    code.coerce_input_value = _parse_code
    code.coerce_input_literal = lambda node: _parse_code(node.value if isinstance(node, StringValueNode) else None)
    json.coerce_input_literal = _parse_json
    schema.query_type.fields["more"].resolve = lambda *_args, **_kwargs: {}  # type: ignore[union-attr]
    return schema


@asynccontextmanager
async def _no_context(_client: Client) -> AsyncIterator[None]:
    yield None


async def send(
    document: str, variables: Mapping[str, Any] | None = None, settings: TransportSettings | None = None
) -> dict[str, Any]:
    app = Starlette(routes=[Route("/graphql", GraphQLEndpoint(_schema(), Access(_no_context), settings))])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as http:
        body: dict[str, Any] = (await GraphQLClient(http).execute(document, variables)).json()
    return body


async def errors_of(document: str, variables: Mapping[str, Any] | None = None, **settings: Any) -> list[str]:
    """Return the messages of an operation's errors, each of which has the path that it begins with."""
    errors = (await send(document, variables, TransportSettings(**settings)))["errors"]
    for error in errors:
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["message"].startswith(".".join(error["extensions"]["inputPath"]) + ": ")
        assert error["locations"]
    return [error["message"] for error in errors]


def literal(value: Any) -> str:
    """Print JSON as a GraphQL literal, without enum values."""
    if isinstance(value, dict):
        return "{" + " ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " ".join(map(literal, value)) + "]"
    return orjson.dumps(value).decode()


BOX: Final = {"name": "n"}

BOTH: Final[list[tuple[dict[str, Any], list[str]]]] = [
    ({}, ["box.name: must be given"]),
    ({"name": None}, ["box.name: must not be null"]),
    ({"name": 5}, ["box.name: must be a string, not 5"]),
    ({"name": True}, ["box.name: must be a string, not true"]),
    ({"name": [1]}, ["box.name: must be a string, not a list"]),
    ({"name": {"a": 1}}, ["box.name: must be a string, not an object"]),
    ({**BOX, "size": "5"}, ['box.size: must be a whole number from -2147483648 to 2147483647, not "5"']),
    ({**BOX, "size": 2**31}, ["box.size: must be a whole number from -2147483648 to 2147483647, not 2147483648"]),
    ({**BOX, "size": 1.5}, ["box.size: must be a whole number from -2147483648 to 2147483647, not 1.5"]),
    ({**BOX, "size": None}, ["box.size: must not be null"]),
    ({**BOX, "ratio": "x"}, ['box.ratio: must be a number, not "x"']),
    ({**BOX, "flag": 1}, ["box.flag: must be true or false, not 1"]),
    ({**BOX, "id": 1.5}, ["box.id: must be a string or a whole number, not 1.5"]),
    ({**BOX, "color": "GREN"}, ['box.color: must be one of RED, GREEN, not "GREN"']),
    ({**BOX, "color": 1}, ["box.color: must be one of RED, GREEN, not 1"]),
    ({**BOX, "codes": ["a", 1, None]}, ["box.codes.1: must be a code, not 1", "box.codes.2: must not be null"]),
    ({**BOX, "codes": 1}, ["box.codes: must be a code, not 1"]),
    ({**BOX, "codes": ["crash"]}, ['box.codes.0: must be a value of type Code, not "crash"']),
    ({**BOX, "grid": [[1], ["x"]]}, ['box.grid.1.0: must be a whole number from -2147483648 to 2147483647, not "x"']),
    ({**BOX, "inner": 5}, ["box.inner: must be an object, not 5"]),
    ({**BOX, "inner": []}, ["box.inner: must be an object, not a list"]),
    ({**BOX, "inner": {"inner": {}}}, ["box.inner.name: must be given", "box.inner.inner.name: must be given"]),
    ({**BOX, "nam": 1}, ["box.nam: is not a field of Box. Did you mean 'name'?"]),
    ({**BOX, "qqqqqqq": 1}, ["box.qqqqqqq: is not a field of Box"]),
    ({**BOX, "choice": {}}, ["box.choice: exactly one of a, b, c must be set, not none"]),
    ({**BOX, "choice": {"a": None}}, ["box.choice: exactly one of a, b, c must be set, not null"]),
    ({**BOX, "choice": {"a": 1, "b": "x"}}, ["box.choice: exactly one of a, b, c must be set, not a and b"]),
    ({**BOX, "choice": {"a": 1, "b": None}}, ["box.choice: exactly one of a, b, c must be set, not a and b"]),
    ({**BOX, "choice": {"c": {}}}, ["box.choice.c.name: must be given"]),
    ({**BOX, "name": 1, "codes": 1}, ["box.name: must be a string, not 1", "box.codes: must be a code, not 1"]),
]


@pytest.mark.parametrize(("value", "messages"), BOTH, ids=[str(value) for value, _ in BOTH])
async def test_variable_and_literal_have_the_same_errors(value: dict[str, Any], messages: list[str]) -> None:
    in_order = sorted(messages)
    assert sorted(await errors_of("query($v: Box!) { box(box: $v) }", {"v": value})) == in_order
    assert sorted(await errors_of(f"{{ box(box: {literal(value)}) }}")) == in_order


async def test_literals_of_other_forms() -> None:
    assert await errors_of("{ box(box: {name: n}) }") == ["box.name: must be a string, not n"]
    assert await errors_of("{ box(box: {name: $n}) }".replace("$n", "null")) == ["box.name: must not be null"]
    for number in ("1e999", "-1e999", "9" * 400):
        (message,) = await errors_of(f'{{ box(box: {{name: "n" ratio: {number}}}) }}')
        assert message.startswith("box.ratio: must be a number, not ")
    (message,) = await errors_of('{ box(box: {name: "n" size: ' + "9" * 5_000 + "}) }")
    assert len(message) < 200


async def test_missing_or_null_variable_is_reported_at_its_argument() -> None:
    document = "query($v: Box!) { box(box: $v) }"
    assert await errors_of(document) == ["box: must be given"]
    assert await errors_of(document, {"v": None}) == ["box: must not be null"]
    assert await errors_of(document, {"v": "x"}) == ['box: must be an object, not "x"']


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("query($v: String!) { box(box: {name: $v}) }", "box.name"),
        ('query($v: Code!) { box(box: {name: "n" codes: ["a", $v]}) }', "box.codes.1"),
        ('query($v: Code!) { box(box: {name: "n" inner: {name: "m" codes: [$v]}}) }', "box.inner.codes.0"),
        ('query($v: Box) { box(box: {name: "n"} list: [$v]) }'.replace("$v: Box", "$v: Box!"), "list.0"),
        ("query($v: Box!) { more(box: $v) { box(box: $v) } }", "box"),
        ('query($v: Box!) { more { a: box(box: {name: "n"} other: $v) } box(box: $v) }', "other"),
        ('query($v: Box!) { ...F a: box(box: $v) } fragment F on Query { box(box: {name: "n"} list: [$v]) }', "list.0"),
        ("query($v: Boolean!) { more @skip(if: $v) { __typename } }", "if"),
    ],
)
async def test_path_begins_where_the_variable_is_first_used(document: str, path: str) -> None:
    (error,) = (await send(document, {"v": {"name": [], "size": 1} if "$v: Box" in document else 7}))["errors"]
    assert ".".join(error["extensions"]["inputPath"]) == (f"{path}.name" if "$v: Box" in document else path)


async def test_default_of_a_variable_is_reported_where_it_is_used() -> None:
    document = 'query($v: String = 5) { box(box: {name: "n" inner: {name: $v}}) }'
    assert "box.inner.name: must be a string, not 5" in [e["message"] for e in (await send(document))["errors"]]


async def test_errors_of_all_variables_come_together() -> None:
    document = "query($a: Box!, $b: Box, $n: Int) { box(box: $a, other: $b, n: $n) }"
    assert await errors_of(document, {"a": {}, "b": {"size": "x"}, "n": "y"}) == [
        "box.name: must be given",
        'other.size: must be a whole number from -2147483648 to 2147483647, not "x"',
        "other.name: must be given",
        'n: must be a whole number from -2147483648 to 2147483647, not "y"',
    ]


async def test_null_variable_in_place_of_a_default_is_refused_with_its_path() -> None:
    document = 'query($n: String = "n") { box(box: {name: "n" inner: {name: "m" inner: {name: $n}}}) }'
    body = await send(document, {"n": None})
    assert body["data"] == {"box": None}
    (error,) = body["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "inputPath": ["box", "inner", "inner", "name"]}
    assert error["message"] == "box.inner.inner.name: must not be null"
    assert error["path"] == ["box"]


async def test_number_of_errors_is_limited() -> None:
    document = "query($list: [Box!], $box: Box!) { box(box: $box, list: $list) }"
    body = await send(document, {"box": BOX, "list": [{}] * 30}, with_limits(errors=10))
    assert len(body["errors"]) == 11
    assert body["errors"][-1]["message"] == "There are more errors in the variables; these are the first 10."


async def test_long_values_and_names_are_cut() -> None:
    document = "query($v: Box!) { box(box: $v) }"
    for value in ({"name": "n", "x" * 100_000: 1}, {"name": "n", "size": "x" * 100_000}):
        body = await send(document, {"v": value})
        assert len(orjson.dumps(body)) < 600


PRODUCTION: Final[list[tuple[dict[str, Any], str]]] = [
    ({"codes": []}, "box: must have all required fields"),
    ({**BOX, "color": "GREN"}, 'box.color: must be a value of its enum, not "GREN"'),
    ({**BOX, "nam": 1}, "box.nam: is not a field of this input"),
    ({**BOX, "codes": ["crash"]}, 'box.codes.0: must be a value of its type, not "crash"'),
    ({**BOX, "choice": {}}, "box.choice: exactly one field must be set, not none"),
    ({**BOX, "choice": {"a": 1, "b": "x"}}, "box.choice: exactly one field must be set, not a and b"),
]


@pytest.mark.parametrize(("value", "message"), PRODUCTION)
async def test_production_names_only_what_was_sent(value: dict[str, Any], message: str) -> None:
    assert await errors_of("query($v: Box!) { box(box: $v) }", {"v": value}, production=True) == [message]
    assert await errors_of(f"{{ box(box: {literal(value)}) }}", production=True) == [message]


async def test_errors_are_found_at_any_depth_that_the_parser_allows() -> None:
    deep = "{" + 'name: "n" inner: {' * 150 + "}" * 151
    (message,) = await errors_of(f"{{ box(box: {deep}) }}")
    assert message == f"box.{'inner.' * 150}name: must be given"


@pytest.mark.parametrize("depth", [205, 240])
async def test_variables_that_are_nested_too_deeply_are_refused(depth: int) -> None:
    value: dict[str, Any] = {"name": "n"}
    for _ in range(depth):
        value = {"name": "n", "inner": value}
    settings = with_limits(json_depth=1_000, variables_depth=1_000, cost=10_000)
    body = await send("query($v: Box!) { box(box: $v) }", {"v": value}, settings)
    assert [error["extensions"] for error in body["errors"]] == [{"code": "BAD_USER_INPUT"}]
