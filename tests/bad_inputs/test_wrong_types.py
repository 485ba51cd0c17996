"""Every input field with values of every JSON type: data, problems or an error code, never an internal error."""

from typing import Any, Final, cast

import pytest
from graphql import GraphQLInputObjectType

from schema import graphql_schema
from tests.api.session_inputs import MINIMAL_INPUTS
from tests.api_client import ApiClient
from tests.bad_inputs.case import ExistingSessions
from tests.bad_inputs.schema_values import JSON_VALUES, field_paths, with_value_at
from tests.media.player_client import event_input

ALLOWED_CODES: Final = {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}

VALID_VARIANTS: Final = MINIMAL_INPUTS | {"field": {"unitId": "u", "data": [{"name": "a", "value": "b"}]}}
START_PATHS: Final = sorted(field_paths(cast("GraphQLInputObjectType", graphql_schema.type_map["StartSessionInput"])))
TRACK_PATHS: Final = sorted(field_paths(cast("GraphQLInputObjectType", graphql_schema.type_map["TrackMediaInput"])))


def input_type(field: str) -> str:
    return f"{field[0].upper()}{field[1:]}Input"


def test_paths_cover_all_kinds() -> None:
    assert {place[1] for place in START_PATHS if place[0] == "variant" and len(place) > 1} == set(VALID_VARIANTS)
    assert len(START_PATHS) > 60


@pytest.mark.parametrize("place", START_PATHS, ids=".".join)
async def test_start_field_of_any_type_is_accepted_or_refused(shared_api: ApiClient, place: tuple[str, ...]) -> None:
    kind = place[1] if place[0] == "variant" and len(place) > 1 else "user"
    await assert_accepted_or_rejected(shared_api, "startSession", {"variant": {kind: VALID_VARIANTS[kind]}}, place)


@pytest.mark.parametrize("type_", ["PLAY", "AD_START", "STATE_START", "BITRATE_CHANGE", "ERROR"])
@pytest.mark.parametrize("place", TRACK_PATHS, ids=".".join)
async def test_event_field_of_any_type_is_accepted_or_refused(
    shared_api: ApiClient, existing: ExistingSessions, place: tuple[str, ...], type_: str
) -> None:
    valid_input = {"id": existing.media, "events": [event_input(1, type_)]}
    await assert_accepted_or_rejected(shared_api, "trackMedia", valid_input, place)


OTHER_INPUTS: Final[dict[str, dict[str, Any]]] = {
    "terminateSession": {"id": "s_x", "reason": "x"},
    "terminateSessions": {"filter": {}, "reason": "x"},
    "keepaliveSessions": {"sessions": [{"id": "s_x"}]},
    "deleteSession": {"id": "s_x"},
    "createProject": {"id": "default"},
    "updateProject": {"id": "default"},
    "deleteProject": {"id": "default"},
}


@pytest.mark.parametrize("field", OTHER_INPUTS)
async def test_input_field_of_any_type_is_accepted_or_refused(api: ApiClient, field: str) -> None:
    document = f"mutation($input: {input_type(field)}!) {{ {field}(input: $input) {{ problems {{ code path }} }} }}"
    for place in field_paths(cast("GraphQLInputObjectType", graphql_schema.type_map[input_type(field)])):
        for value in JSON_VALUES:
            body = {"query": document, "variables": {"input": with_value_at(OTHER_INPUTS[field], place, value)}}
            answer = (await api.http.post("/graphql", json=body)).json()
            codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
            assert codes <= ALLOWED_CODES, (value, answer)
            problems = [] if codes else answer["data"][field]["problems"]
            assert all(problem["path"][0] == "input" for problem in problems)


async def assert_accepted_or_rejected(
    api: ApiClient, field: str, valid_input: dict[str, Any], path: tuple[str, ...]
) -> None:
    document = f"""mutation($input: {field[0].upper()}{field[1:]}Input!) {{ {field}(input: $input) {{
        session {{ id metadata }} problems {{ code message path }} }} }}"""
    for value in JSON_VALUES:
        input_ = with_value_at(valid_input, path, value)
        response = await api.http.post("/graphql", json={"query": document, "variables": {"input": input_}})
        answer = response.json()
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        assert codes <= ALLOWED_CODES, (value, answer)
        if codes:
            assert "data" not in answer or answer["data"] is None, (value, answer)
            continue
        payload = answer["data"][field]
        assert payload["session"] is not None or payload["problems"], (value, answer)
        assert field != "startSession" or (payload["session"] is None) == bool(payload["problems"]), (value, answer)
        # The path leads from the input to the field, or to its parent where fields contradict each other.
        assert all(problem["path"][0] == "input" for problem in payload["problems"])
