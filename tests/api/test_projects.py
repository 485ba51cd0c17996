"""project, projects, createProject, updateProject."""

from typing import Any

import pytest

from tests.api.session_inputs import create_project
from tests.api_client import ApiClient

FIELDS = "id name geoListenEnabled defaultLanguage timeouts { kind seconds }"
CREATE = f"""mutation($input: ProjectInput!) {{
    createProject(input: $input) {{ project {{ {FIELDS} }} problems {{ code path }} }} }}"""
UPDATE = f"""mutation($id: ID!, $input: ProjectInput!) {{
    updateProject(id: $id, input: $input) {{ project {{ {FIELDS} }} problems {{ code path }} }} }}"""
READ = f"query($id: ID!) {{ project(id: $id) {{ {FIELDS} }} }}"

DEFAULT_TIMEOUTS = {"CLIENT": 1800, "AGENDA": None, "MEDIA": 600, "FIELD": None, "USER": 300}
"""The kinds' own timeouts."""


def timeouts_by_kind(found: dict[str, Any]) -> dict[str, int | None]:
    """The timeouts of a project by kind."""
    return {timeout["kind"]: timeout["seconds"] for timeout in found["timeouts"]}


async def update(api: ApiClient, **fields: Any) -> dict[str, Any]:
    """Change the project `p`."""
    answer: dict[str, Any] = await api.execute(UPDATE, id="p", input=fields)
    return answer


async def test_default_project_exists(api: ApiClient) -> None:
    found = await api.execute(READ, id="default")
    assert (found["name"], found["geoListenEnabled"], found["defaultLanguage"]) == ("default", False, "en")
    assert timeouts_by_kind(found) == DEFAULT_TIMEOUTS


async def test_created_project_has_its_input(api: ApiClient) -> None:
    says = {
        "id": "p",
        "name": "Änderung 💡",
        "geoListenEnabled": True,
        "defaultLanguage": "fr-CA",
        "timeouts": [{"kind": "USER", "seconds": 60}, {"kind": "FIELD", "seconds": 86400}],
    }
    made = await api.execute(CREATE, input=says)
    assert made["problems"] == []
    assert made["project"] == await api.execute(READ, id="p")
    assert (made["project"]["name"], made["project"]["geoListenEnabled"]) == ("Änderung 💡", True)
    assert made["project"]["defaultLanguage"] == "fr"
    assert timeouts_by_kind(made["project"]) == DEFAULT_TIMEOUTS | {"USER": 60, "FIELD": 86400}


async def test_project_id_must_be_valid_and_unused(api: ApiClient) -> None:
    refused = {"": "BAD_USER_INPUT", "a b": "BAD_USER_INPUT", "s_" + "x" * 22: "BAD_USER_INPUT", "default": "CONFLICT"}
    for id_, code in refused.items():
        answer = await api.execute(CREATE, input={"id": id_})
        assert answer == {"project": None, "problems": [{"code": code, "path": ["input", "id"]}]}
    for says in ({}, {"id": None}):
        answer = await api.execute(CREATE, input=says)
        assert answer["problems"] == [{"code": "BAD_USER_INPUT", "path": ["input", "id"]}]
    for id_ in ("s_short", "x" * 64, "-", "a_b-C"):
        assert (await api.execute(CREATE, input={"id": id_}))["problems"] == []


async def test_project_input_reports_all_problems(api: ApiClient) -> None:
    says = {
        "name": "",
        "defaultLanguage": "xx",
        "timeouts": [
            {"kind": "USER", "seconds": 9},
            {"kind": "USER", "seconds": 60},
            {"kind": "AGENDA", "seconds": 60},
        ],
    }
    answer = await api.execute(CREATE, input=says)
    assert {".".join(problem["path"]) for problem in answer["problems"]} == {
        "input.id",
        "input.name",
        "input.defaultLanguage",
        "input.timeouts.0.seconds",
        "input.timeouts.1.kind",
        "input.timeouts.2.seconds",
    }


async def test_update_changes_only_provided_fields(api: ApiClient) -> None:
    await create_project(api, "p", name="P", timeouts=[{"kind": "USER", "seconds": 60}])
    assert (await update(api, geoListenEnabled=True))["problems"] == []
    found = (await update(api, defaultLanguage="DE"))["project"]
    assert (found["name"], found["geoListenEnabled"], found["defaultLanguage"]) == ("P", True, "de")
    assert timeouts_by_kind(found) == DEFAULT_TIMEOUTS | {"USER": 60}
    assert found == await api.execute(READ, id="p")


async def test_null_timeout_restores_default_of_kind(api: ApiClient) -> None:
    await create_project(api, "p", timeouts=[{"kind": "USER", "seconds": 60}, {"kind": "MEDIA", "seconds": 90}])
    found = (await update(api, timeouts=[{"kind": "CLIENT", "seconds": 70}]))["project"]
    assert timeouts_by_kind(found) == DEFAULT_TIMEOUTS | {"USER": 60, "MEDIA": 90, "CLIENT": 70}
    found = (await update(api, timeouts=[{"kind": "USER", "seconds": None}, {"kind": "MEDIA"}]))["project"]
    assert timeouts_by_kind(found) == DEFAULT_TIMEOUTS | {"CLIENT": 70}
    found = (await update(api, timeouts=[]))["project"]
    assert timeouts_by_kind(found) == DEFAULT_TIMEOUTS | {"CLIENT": 70}
    found = (await update(api, timeouts=None))["project"]
    assert timeouts_by_kind(found) == DEFAULT_TIMEOUTS


@pytest.mark.parametrize("name", ["name", "geoListenEnabled", "defaultLanguage"])
async def test_required_project_field_cannot_be_cleared(api: ApiClient, name: str) -> None:
    await create_project(api, "p")
    before = await api.execute(READ, id="p")
    answer = await update(api, **{name: None})
    assert answer["problems"] == [{"code": "BAD_USER_INPUT", "path": ["input", name]}]
    assert await api.execute(READ, id="p") == before


async def test_project_id_cannot_change(api: ApiClient) -> None:
    await create_project(api, "p")
    assert (await update(api, id="q"))["problems"] == [{"code": "BAD_USER_INPUT", "path": ["input", "id"]}]
    assert (await update(api, id="p", name="same"))["project"]["name"] == "same"
    answer = await api.execute(UPDATE, id="nowhere", input={"name": "x"})
    assert answer == {"project": None, "problems": [{"code": "NOT_FOUND", "path": ["id"]}]}
    assert await api.execute(READ, id="nowhere") is None


async def test_projects_are_paged_by_id(api: ApiClient) -> None:
    for id_ in ("c", "a", "b", "Z"):
        await create_project(api, id_)
    document = """query($first: Int, $after: String, $last: Int, $before: String) {
        projects(first: $first, after: $after, last: $last, before: $before) {
            edges { node { id } } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } }"""

    async def ids(**page: Any) -> tuple[str, dict[str, Any]]:
        found = await api.execute(document, **page)
        return " ".join(edge["node"]["id"] for edge in found["edges"]), found["pageInfo"]

    assert (await ids())[0] == "Z a b c default"
    first, info = await ids(first=2)
    assert (first, info["hasNextPage"], info["hasPreviousPage"]) == ("Z a", True, False)
    assert (await ids(first=2, after=info["endCursor"]))[0] == "b c"
    last, info = await ids(last=2)
    assert (last, info["hasNextPage"], info["hasPreviousPage"]) == ("c default", False, True)
    assert (await ids(last=2, before=info["startCursor"]))[0] == "a b"
