"""What mutations hand to resolvers, and how they show what comes back."""

from typing import Any

import pytest
from graphql import parse, validate

from resolvers.lifecycle.result import MutationResult
from schema import graphql_schema
from tests.schema.fake_context import FakeContext, FakeLoaders, execute, execute_ok, make_session

START = """mutation ($input: StartSessionInput!) { startSession(input: $input) {
    created session { id } problems { code message path } keepaliveSeconds } }"""


async def test_a_start_reaches_the_resolvers_by_python_names_and_with_defaults() -> None:
    s = make_session("CLIENT")
    scene = FakeContext(FakeLoaders(), result=MutationResult(s, [], True, 120))
    given = {"projectId": "p", "externalId": None, "variant": {"client": {"clientSystem": "iOS", "language": None}}}
    assert (await execute_ok(START, scene, input=given))["startSession"] == {
        "created": True,
        "session": {"id": s.id},
        "problems": [],
        "keepaliveSeconds": 120,
    }
    (start,) = scene.written
    assert start.common.project_id == "p"
    assert start.common.model_fields_set == {"project_id", "visible"}
    assert start.variant.model_fields_set == {"client_system", "demo_stream_enabled"}


async def test_problems_say_where_in_the_input_they_are() -> None:
    given = {"variant": {"client": {"clientSystem": "", "language": "xx"}}}
    shown = (await execute_ok(START, FakeContext(FakeLoaders()), input=given))["startSession"]
    assert shown["session"] is None
    assert not shown["created"]
    assert [(problem["code"], problem["path"]) for problem in shown["problems"]] == [
        ("BAD_USER_INPUT", ["input", "variant", "client", "clientSystem"]),
        ("BAD_USER_INPUT", ["input", "variant", "client", "language"]),
    ]


@pytest.mark.parametrize("variant", [{}, {"user": None}, {"user": {}, "client": {"clientSystem": "x"}}], ids=str)
async def test_exactly_one_kind_must_be_given(variant: dict[str, Any]) -> None:
    result = await execute(START, FakeContext(FakeLoaders()), input={"variant": variant})
    assert result.data is None
    assert result.errors is not None
    assert "exactly one field must be specified" in result.errors[0].message


@pytest.mark.parametrize("variant", ["{}", "{user: null}", '{user: {}, client: {clientSystem: "x"}}'])
def test_exactly_one_kind_must_be_given_in_a_literal_too(variant: str) -> None:
    document = parse(f"mutation {{ startSession(input: {{variant: {variant}}}) {{ created }} }}")
    (error,) = validate(graphql_schema, document)
    assert "exactly one field must be specified" in error.message


async def test_a_literal_of_json_may_hold_variables() -> None:
    document = """mutation ($value: JSON, $at: DateTime) { startSession(input: {
        variant: {user: {username: "ada"}}, metadata: {a: [$value, {b: $value}], at: $at, none: $value}
    }) { created } }"""
    scene = FakeContext(FakeLoaders(), result=MutationResult(make_session("USER"), created=True))
    await execute_ok(document, scene, value={"x y": [1.5]}, at="2024-01-01T01:00:00+01:00")
    assert scene.written[0].common.metadata == {
        "a": [{"x y": [1.5]}, {"b": {"x y": [1.5]}}],
        "at": "2024-01-01T01:00:00+01:00",
        "none": {"x y": [1.5]},
    }


async def test_a_deletion_names_the_session_only_where_it_is_gone() -> None:
    document = 'mutation { deleteSession(id: "s_1") { id problems { code } } }'
    scene = FakeContext(FakeLoaders(), result=MutationResult(None))
    assert (await execute_ok(document, scene))["deleteSession"] == {"id": "s_1", "problems": []}


UPDATE = 'mutation ($input: ProjectInput!) { updateProject(id: "p", input: $input) { problems { path } } }'


@pytest.mark.parametrize("given", [{}, {"timeouts": None}, {"timeouts": []}, {"name": "N"}], ids=str)
async def test_an_update_names_what_was_given_and_nothing_else(given: dict[str, Any]) -> None:
    scene = FakeContext(FakeLoaders(), result=MutationResult(None))
    await execute_ok(UPDATE, scene, input=given)
    assert scene.written[0].fields.model_fields_set == given.keys()


async def test_an_update_hands_on_null_as_something_that_was_given() -> None:
    shown = await execute_ok(UPDATE, FakeContext(FakeLoaders()), input={"name": None})
    assert shown["updateProject"]["problems"] == [{"path": ["input", "name"]}]


async def test_a_timeout_of_null_reaches_the_project() -> None:
    scene = FakeContext(FakeLoaders(), result=MutationResult(None))
    await execute_ok(UPDATE, scene, input={"timeouts": [{"kind": "USER", "seconds": None}, {"kind": "CLIENT"}]})
    assert [(each.kind, each.seconds) for each in scene.written[0].fields.timeouts] == [
        ("USER", None),
        ("CLIENT", None),
    ]
