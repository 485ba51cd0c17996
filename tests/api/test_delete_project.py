"""deleteProject."""

import asyncio
from typing import Any, Final

import pytest

from tests.api.session_inputs import MINIMAL_INPUTS, create_project, problem_codes
from tests.api_client import ApiClient

DELETE: Final = "mutation($id: ID!) { deleteProject(input: {id: $id}) { id problems { code message path } } }"
PROJECT: Final = "query($id: ID!) { project(id: $id) { id } }"


async def delete(api: ApiClient, id_: str = "p") -> dict[str, Any]:
    payload: dict[str, Any] = await api.execute(DELETE, id=id_)
    for problem in payload["problems"]:
        assert problem["path"] == ["input", "id"]
    return payload


async def test_project_without_sessions_is_deleted(api: ApiClient) -> None:
    await create_project(api, "p", name="First", defaultLanguage="fr")
    assert (await api.execute(PROJECT, id="p")) == {"id": "p"}
    assert await delete(api) == {"id": "p", "problems": []}
    assert await api.execute(PROJECT, id="p") is None
    assert (await api.execute("{ projects { nodes { id } } }"))["nodes"] == [{"id": "default"}]
    payload = await api.start_payload("user", {"username": "ann"}, projectId="p")
    assert (payload["session"], problem_codes(payload)) == (None, ["NOT_FOUND"])
    assert (await delete(api))["problems"][0]["code"] == "NOT_FOUND"


async def test_deleted_project_can_be_created_anew_with_defaults(api: ApiClient) -> None:
    await create_project(api, "p", name="First", defaultLanguage="fr")
    await delete(api)
    await create_project(api, "p")
    found = await api.execute('{ project(id: "p") { name defaultLanguage } }')
    assert found == {"name": "p", "defaultLanguage": "en"}


@pytest.mark.parametrize("kind", MINIMAL_INPUTS)
async def test_project_with_a_session_of_any_kind_is_kept(api: ApiClient, kind: str) -> None:
    await create_project(api, "p")
    session = await api.start_session(kind, MINIMAL_INPUTS[kind], projectId="p")
    for _ in range(2):
        payload = await delete(api)
        assert (payload["id"], problem_codes(payload)) == (None, ["CONFLICT"])
        assert await api.execute(PROJECT, id="p") == {"id": "p"}
        await api.mutate("stopSession", {"id": session["id"]})
    await api.delete(session["id"])
    assert await delete(api) == {"id": "p", "problems": []}


async def test_default_project_cannot_be_deleted(api: ApiClient) -> None:
    payload = await delete(api, "default")
    assert (payload["id"], problem_codes(payload)) == (None, ["CONFLICT"])
    assert "projectId" in payload["problems"][0]["message"]
    assert (await api.start_user())["state"] == "ACTIVE"


async def test_id_of_something_else_is_not_found(api: ApiClient) -> None:
    session = await api.start_user(fields="activities { nodes { id } }")
    for id_ in (session["id"], session["activities"]["nodes"][0]["id"], "", "a b", "DEFAULT", "x" * 10_000, "é"):
        payload = await delete(api, id_)
        assert (payload["id"], problem_codes(payload)) == (None, ["NOT_FOUND"]), id_
    assert (await api.session(session["id"]))["state"] == "ACTIVE"


async def test_start_at_the_same_time_leaves_no_session_without_project(api: ApiClient) -> None:
    for number in range(10):
        id_ = f"p{number}"
        await create_project(api, id_)
        starts = [api.start_payload("user", {"username": "ann"}, projectId=id_) for _ in range(4)]
        calls: list[Any] = [*starts[: number % 5], delete(api, id_), *starts[number % 5 :]]
        answers = await asyncio.gather(*calls)
        deletion = answers.pop(number % 5)
        started = [answer["session"] for answer in answers if answer["session"] is not None]
        assert bool(started) == (deletion["id"] is None)
        assert (await api.execute(PROJECT, id=id_) is None) == (deletion["id"] is not None)
        assert all(problem_codes(answer) == ["NOT_FOUND"] for answer in answers if answer["session"] is None)


async def test_concurrent_deletions_delete_once(api: ApiClient) -> None:
    await create_project(api, "p")
    answers = await asyncio.gather(*(delete(api) for _ in range(5)))
    assert sorted(code for answer in answers for code in problem_codes(answer)) == ["NOT_FOUND"] * 4
