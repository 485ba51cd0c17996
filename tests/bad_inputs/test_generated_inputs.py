"""Generated inputs of every mutation: each error and problem has a code, a path into what was sent, and plain words."""

import re
from typing import Any, Final, cast

from graphql import GraphQLField, GraphQLObjectType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema import graphql_schema
from tests.api_client import ApiClient
from tests.bad_inputs.case import ExistingSessions
from tests.bad_inputs.plain_words import assert_plain
from tests.bad_inputs.schema_values import mostly_valid_values, well_typed_values
from tests.bad_inputs.test_generated import with_existing_id

MUTATIONS: Final[dict[str, GraphQLField]] = cast("GraphQLObjectType", graphql_schema.type_map["Mutation"]).fields
STYLE: Final = re.compile(r"(must|is|has|exactly one of) ")
PROBLEMS: Final = "problems { code message path }"


def document(name: str) -> str:
    results = f"results {{ session {{ id }} {PROBLEMS} }}" if name == "keepaliveSessions" else ""
    return (
        f"mutation($input: {MUTATIONS[name].args['input'].type}) {{ {name}(input: $input) {{ {PROBLEMS} {results} }} }}"
    )


def assert_path_leads_into(sent: dict[str, Any], path: list[str]) -> None:
    """Check that a path exists, but for a name at its end that is missing, or is missing in an object that is."""
    current: Any = sent
    for number, part in enumerate(path):
        if isinstance(current, list) and part.isdecimal():
            current = current[int(part)]
        elif part == "0" and not isinstance(current, dict | None):  # GraphQL takes a single value for a list of one
            continue
        elif isinstance(current, dict) and part in current:
            current = current[part]
        elif part == "0" and isinstance(current, dict):
            continue
        else:
            assert number >= len(path) - 2, (path, sent)
            return


def assert_errors_are_plain(body: dict[str, Any], sent: dict[str, Any]) -> None:
    for error in body["errors"]:
        assert error["extensions"]["code"] in ("BAD_USER_INPUT", "QUERY_TOO_COMPLEX"), error
        assert_plain(error["message"])
        if error["extensions"]["code"] == "BAD_USER_INPUT" and not error["message"].startswith("There are more"):
            path = error["extensions"]["inputPath"]
            assert path[0] == "input"
            assert_path_leads_into(sent, path)
            description = error["message"].removeprefix(".".join(path) + ": ")
            assert STYLE.match(description), error


def assert_problems_are_plain(payload: dict[str, Any], sent: dict[str, Any]) -> None:
    problems = payload["problems"]
    paths = [tuple(problem["path"]) for problem in problems]
    assert len(paths) == len(set(paths)), problems
    for problem in problems:
        assert STYLE.match(problem["message"]), problem
        assert_plain(problem["message"])
        assert problem["path"][0] == "input", problem
        assert_path_leads_into(sent, problem["path"])
    for result in payload.get("results", ()):
        assert_problems_are_plain(result, sent)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(sorted(MUTATIONS)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.sampled_from([mostly_valid_values, well_typed_values]).flatmap(
                lambda values: values(MUTATIONS[name].args["input"].type)
            ),
        )
    ),
    st.integers(0, 2 * len(ExistingSessions._fields)),
)
async def test_any_input_is_answered_with_codes_paths_and_plain_words(
    shared_api: ApiClient, existing: ExistingSessions, sent: tuple[str, Any], number: int
) -> None:
    name, input_ = sent
    variables = with_existing_id({"input": input_}, existing, number)
    response = await shared_api.http.post("/graphql", json={"query": document(name), "variables": variables})
    assert response.status_code in (200, 400), response.text
    body = response.json()
    if "errors" in body:
        assert_errors_are_plain(body, variables)
    else:
        assert_problems_are_plain(body["data"][name], variables)
