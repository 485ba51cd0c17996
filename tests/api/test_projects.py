"""project, projects, createProject, updateProject."""

import asyncio
from typing import Any

from tests.api.session_inputs import create_project, problem_paths, timeouts
from tests.api_client import ApiClient

FIELDS = "id name geoListenEnabled defaultLanguage timeouts { kind seconds }"
CREATE = f"""mutation($input: CreateProjectInput!) {{
    createProject(input: $input) {{ project {{ {FIELDS} }} problems {{ code path }} }} }}"""
UPDATE = f"""mutation($input: UpdateProjectInput!) {{
    updateProject(input: $input) {{ project {{ {FIELDS} }} problems {{ code path }} }} }}"""
READ = f"query($id: ID!) {{ project(id: $id) {{ {FIELDS} }} }}"

DEFAULT_TIMEOUTS: dict[str, int | None] = {"CLIENT": 1800, "AGENDA": None, "MEDIA": 600, "FIELD": 1800, "USER": 300}


def default_timeouts(**changed: int) -> list[dict[str, Any]]:
    return timeouts(**DEFAULT_TIMEOUTS | changed)


def bad_input(name: str, code: str = "BAD_USER_INPUT") -> list[dict[str, Any]]:
    return [{"code": code, "path": ["input", name]}]


async def update(api: ApiClient, id_: str = "p", **fields: Any) -> dict[str, Any]:
    """Update project `p`, or another one; returns the payload."""
    payload: dict[str, Any] = await api.execute(UPDATE, input={"id": id_, **fields})
    return payload


async def test_default_project_exists(api: ApiClient) -> None:
    project = await api.execute(READ, id="default")
    assert (project["name"], project["geoListenEnabled"], project["defaultLanguage"]) == ("default", False, "en")
    assert project["timeouts"] == default_timeouts()


async def test_created_project_has_its_input(api: ApiClient) -> None:
    fields = {"name": "Änderung 💡", "geoListenEnabled": True, "timeouts": timeouts(USER=60, FIELD=86400)}
    payload = await api.execute(CREATE, input={"id": "p", "defaultLanguage": "fr-CA", **fields})
    changed = {"defaultLanguage": "fr", "timeouts": default_timeouts(USER=60, FIELD=86400)}
    assert payload == {"project": {"id": "p", **fields, **changed}, "problems": []}
    assert payload["project"] == await api.execute(READ, id="p")


async def test_project_id_must_be_valid_and_unused(api: ApiClient) -> None:
    ids = {"": "BAD_USER_INPUT", "a b": "BAD_USER_INPUT", "s_" + "x" * 22: "BAD_USER_INPUT", "default": "CONFLICT"}
    for id_, code in ids.items():
        payload = await api.execute(CREATE, input={"id": id_})
        assert payload == {"project": None, "problems": bad_input("id", code)}
    for id_ in ("s_short", "x" * 64, "-", "a_b-C"):
        assert (await api.execute(CREATE, input={"id": id_}))["problems"] == []


async def test_project_input_reports_all_problems(api: ApiClient) -> None:
    invalid = [*timeouts(USER=9), *timeouts(USER=60, AGENDA=60)]
    payload = await api.execute(CREATE, input={"id": "a b", "name": "", "defaultLanguage": "xx", "timeouts": invalid})
    names = ("id", "name", "defaultLanguage", "timeouts.0.seconds", "timeouts.1.kind", "timeouts.2.seconds")
    assert problem_paths(payload) == [f"input.{name}" for name in names]


async def test_taken_or_unknown_id_is_a_problem_beside_the_others(api: ApiClient) -> None:
    payload = await api.execute(CREATE, input={"id": "default", "name": ""})
    assert payload["problems"] == bad_input("id", "CONFLICT") + bad_input("name")
    payload = await update(api, "nowhere", defaultLanguage="xx", name=None)
    assert payload["problems"] == [
        *bad_input("id", "NOT_FOUND"),
        *bad_input("name"),
        *bad_input("defaultLanguage"),
    ]


async def test_concurrent_creations_make_one_project(api: ApiClient) -> None:
    payloads = await asyncio.gather(*(api.execute(CREATE, input={"id": "p", "name": f"P{n}"}) for n in range(4)))
    (created,) = (payload["project"] for payload in payloads if payload["project"] is not None)
    assert created == await api.execute(READ, id="p")
    assert [payload["problems"] for payload in payloads].count(bad_input("id", "CONFLICT")) == 3


async def test_problems_of_the_stored_project_come_with_those_of_the_input(api: ApiClient) -> None:
    payload = await api.execute(CREATE, input={"id": "default", "defaultLanguage": "xx", "name": ""})
    assert [problem["code"] for problem in payload["problems"]] == ["CONFLICT", "BAD_USER_INPUT", "BAD_USER_INPUT"]
    assert set(problem_paths(payload)) == {"input.id", "input.name", "input.defaultLanguage"}
    payload = await update(api, "nowhere", name="")
    assert (payload["project"], problem_paths(payload)) == (None, ["input.id", "input.name"])


async def test_refused_update_returns_the_project_as_it_is(api: ApiClient) -> None:
    await create_project(api, "p", name="P")
    payload = await update(api, name="", geoListenEnabled=None)
    assert payload["project"] == await api.execute(READ, id="p")
    assert set(problem_paths(payload)) == {"input.name", "input.geoListenEnabled"}


async def test_update_changes_only_provided_fields(api: ApiClient) -> None:
    await create_project(api, "p", name="P", timeouts=timeouts(USER=60))
    assert (await update(api, geoListenEnabled=True))["problems"] == []
    project = (await update(api, defaultLanguage="DE"))["project"]
    assert (project["name"], project["geoListenEnabled"], project["defaultLanguage"]) == ("P", True, "de")
    assert project["timeouts"] == default_timeouts(USER=60)
    assert project == await api.execute(READ, id="p")


async def test_null_timeout_restores_default_of_kind(api: ApiClient) -> None:
    await create_project(api, "p", timeouts=timeouts(USER=60, MEDIA=90))
    for changes, expected in (
        (timeouts(CLIENT=70), {"USER": 60, "MEDIA": 90, "CLIENT": 70}),
        ([*timeouts(USER=None), {"kind": "MEDIA"}], {"CLIENT": 70}),
        ([], {"CLIENT": 70}),
        (None, {}),
    ):
        assert (await update(api, timeouts=changes))["project"]["timeouts"] == default_timeouts(**expected)


async def test_required_project_field_cannot_be_cleared(api: ApiClient) -> None:
    await create_project(api, "p")
    before = await api.execute(READ, id="p")
    for name in ("name", "geoListenEnabled", "defaultLanguage"):
        assert (await update(api, "p", **{name: None}))["problems"] == bad_input(name)
    assert await api.execute(READ, id="p") == before


async def test_unknown_project_cannot_be_updated(api: ApiClient) -> None:
    for id_ in ("nowhere", "", "a b", "s_" + "x" * 22):
        payload = await update(api, id_, name="x")
        assert payload == {"project": None, "problems": bad_input("id", "NOT_FOUND")}
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
