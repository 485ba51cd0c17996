"""Generated arguments for every field with arguments: never an internal error."""

from typing import Any, Final, cast

from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from schema import graphql_schema
from tests.api_client import ApiClient
from tests.bad_inputs.case import ExistingSessions
from tests.bad_inputs.plain_words import assert_plain
from tests.bad_inputs.schema_values import mostly_valid_values

FIELDS: Final = [
    (type_, name, field)
    for type_ in ("Query", "Mutation", "SessionStats")
    for name, field in cast("GraphQLObjectType", graphql_schema.type_map[type_]).fields.items()
    if field.args
]


def selection(type_: Any, depth: int = 3) -> str:
    """Select every field that needs no argument, up to `depth` levels."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    chosen = [
        f"{name} {selection(field.type, depth - 1)}"
        for name, field in getattr(named, "fields", {}).items()
        if has_no_required_arguments(field) and (is_leaf_type(get_named_type(field.type)) or depth > 1)
    ]
    return f"{{ __typename {' '.join(chosen)} }}"


def has_no_required_arguments(field: GraphQLField) -> bool:
    return all(not isinstance(argument.type, GraphQLNonNull) for argument in field.args.values())


def operation_for(type_: str, name: str, field: GraphQLField) -> str:
    variables = ", ".join(f"${argument}: {definition.type}" for argument, definition in field.args.items())
    arguments = ", ".join(f"{argument}: ${argument}" for argument in field.args)
    field_selection = f"{name}({arguments}) {selection(field.type)}"
    if type_ == "SessionStats":
        return f"query({variables}) {{ sessionStats {{ {field_selection} }} }}"
    return f"{type_.lower()}({variables}) {{ {field_selection} }}"


def arguments_of(field: GraphQLField) -> st.SearchStrategy[dict[str, Any]]:
    strategies = {name: mostly_valid_values(argument.type) for name, argument in field.args.items()}
    required = {name: s for name, s in strategies.items() if isinstance(field.args[name].type, GraphQLNonNull)}
    return st.fixed_dictionaries(required, optional={n: s for n, s in strategies.items() if n not in required})


async def assert_no_fault(api: ApiClient, query: str, variables: dict[str, Any]) -> None:
    with capture_logs() as logged:
        response = await api.http.post("/graphql", json={"query": query, "variables": variables})
    answer = response.json()
    assert response.status_code in (200, 400), answer
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    assert "INTERNAL_SERVER_ERROR" not in codes, (answer, logged)
    for error in answer.get("errors", []):
        assert_plain(error["message"])
        has_path = error["extensions"].get("inputPath") or error["message"].startswith("There are more errors")
        assert has_path or error["extensions"]["code"] != "BAD_USER_INPUT", error
    assert [line for line in logged if line["log_level"] != "info"] == []


def with_existing_id(variables: dict[str, Any], existing: ExistingSessions, number: int) -> dict[str, Any]:
    """Replace an id by one that exists, every other time."""
    id_ = existing[number] if number < len(existing) else None
    if id_ is None:
        return variables
    if isinstance(variables.get("id"), str):
        return {**variables, "id": id_}
    if isinstance(variables.get("input"), dict) and "id" in variables["input"]:
        return {**variables, "input": {**variables["input"], "id": id_}}
    return variables


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(FIELDS).flatmap(lambda field: st.tuples(st.just(operation_for(*field)), arguments_of(field[2]))),
    st.integers(0, 2 * len(ExistingSessions._fields)),
)
async def test_no_argument_causes_an_internal_error(
    shared_api: ApiClient, existing: ExistingSessions, asking: tuple[str, dict[str, Any]], number: int
) -> None:
    query, variables = asking
    await assert_no_fault(shared_api, query, with_existing_id(variables, existing, number))
