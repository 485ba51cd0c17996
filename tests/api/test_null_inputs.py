"""Null in an input means 'not given', but for the two updates, where it clears what may be empty."""

from typing import Any, Final, cast

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull

from schema import graphql_schema
from tests.api.session_inputs import MEDIA, MINIMAL_INPUTS, create_project, problem_paths
from tests.api_client import ApiClient

PING: Final = {"playerTime": {"playhead": 0, "ts": "2026-05-28T20:26:40Z"}}
COMMANDS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "keepaliveSession": ("media", {"media": PING}),
    "hideSession": ("media", {"media": PING}),
    "stopSession": ("media", {"media": PING}),
    "trackMedia": ("media", {"events": [{"type": "PLAY", **PING}]}),
    "saveFieldData": ("field", {"data": [{"name": "a", "value": "b"}]}),
    "terminateSession": ("user", {"reason": "x"}),
}
"""By mutation: a kind of session and a valid input."""
CLEARABLE: Final = {
    *("descriptionHtml", "endTime", "importId", "scheduleTracks", "locations", "maxCapacity"),
    *("registrationStart", "registrationEnd"),
}


def nullable(name: str) -> list[str]:
    fields = cast("GraphQLInputObjectType", graphql_schema.type_map[name]).fields
    return [name for name, field in fields.items() if not isinstance(field.type, GraphQLNonNull)]


@pytest.mark.parametrize("kind", MINIMAL_INPUTS)
async def test_null_in_a_start_means_not_given(api: ApiClient, kind: str) -> None:
    nulls = dict.fromkeys(nullable("StartSessionInput"))
    variant = dict.fromkeys(nullable(f"{kind.title()}SessionInput")) | MINIMAL_INPUTS[kind]
    fields = "metadata timeoutSeconds subject"
    with_nulls = await api.start_session(kind, variant, fields, **nulls)
    without = await api.start_session(kind, MINIMAL_INPUTS[kind], fields)
    assert with_nulls | {"id": ""} == without | {"id": ""}


@pytest.mark.parametrize("mutation", COMMANDS)
async def test_null_in_a_command_means_not_given(api: ApiClient, mutation: str) -> None:
    kind, fields = COMMANDS[mutation]
    session = await api.start_session(kind, MEDIA if kind == "media" else MINIMAL_INPUTS[kind])
    nulls = dict.fromkeys(nullable(f"{mutation[0].upper()}{mutation[1:]}Input"))
    for values in ({**nulls, **fields}, {**nulls, **{name: fields[name] for name in fields if name not in nulls}}):
        payload = await api.mutate(mutation, {**values, "id": session["id"]})
        assert payload["problems"] == []
        if payload["session"]["state"] == "ENDED":
            return


async def test_null_in_an_update_of_an_agenda_session_clears_what_may_be_empty(api: ApiClient) -> None:
    session = await api.start_session("agenda", MINIMAL_INPUTS["agenda"])
    names = [name for name in nullable("UpdateAgendaSessionInput") if name != "id"]
    for name in names:
        payload = await api.mutate("updateAgendaSession", {"id": session["id"], name: None})
        assert problem_paths(payload) == ([] if name in CLEARABLE else [f"input.{name}"])
    payload = await api.mutate("updateAgendaSession", {"id": session["id"], **dict.fromkeys(names)})
    assert problem_paths(payload) == [f"input.{name}" for name in names if name not in CLEARABLE]


async def test_null_in_an_update_of_a_project_clears_its_timeouts_only(api: ApiClient) -> None:
    await create_project(api, "p")
    document = """mutation($i: UpdateProjectInput!) { updateProject(input: $i) {
        project { id } problems { path message } } }"""
    for name in nullable("UpdateProjectInput"):
        payload = await api.execute(document, i={"id": "p", name: None})
        assert problem_paths(payload) == ([] if name == "timeouts" else [f"input.{name}"])


async def test_null_in_a_new_project_means_not_given(api: ApiClient) -> None:
    nulls = dict.fromkeys(nullable("CreateProjectInput"))
    document = """mutation($i: CreateProjectInput!) { createProject(input: $i) {
        project { name defaultLanguage geoListenEnabled } problems { path } } }"""
    payload = await api.execute(document, i={**nulls, "id": "p"})
    assert payload["project"] == {"name": "p", "defaultLanguage": "en", "geoListenEnabled": False}
