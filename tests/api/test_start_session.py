"""startSession: what all kinds share."""

import asyncio
from pathlib import Path

import pytest

from tests.api_client import EPOCH, ApiClient, FakeClock, open_api


def problem_codes(payload: dict[str, list[dict[str, str]]]) -> list[str]:
    return [problem["code"] for problem in payload["problems"]]


async def test_a_start_creates_a_visible_session_in_the_default_project(api: ApiClient) -> None:
    payload = await api.start_payload(
        "user", {"username": "ann"}, "subject project { id } createdAt startedAt metadata"
    )
    session = payload["session"]
    assert (payload["created"], payload["keepaliveSeconds"], payload["problems"]) == (True, 100, [])
    assert (session["state"], session["visible"], session["path"], session["metadata"]) == ("ACTIVE", True, [], {})
    assert (session["revision"], session["project"], session["subject"]) == (1, {"id": "default"}, "ann")
    assert session["createdAt"] == session["startedAt"] == "2026-05-28T20:26:40.000Z"
    assert len(session["id"]) == 24
    assert session["id"].startswith("s_")


async def test_all_that_is_wrong_is_named_at_once_and_nothing_is_stored(api: ApiClient) -> None:
    variant = {"clientSystem": "", "language": "xx", "timezone": "Mars/Crater", "deviceId": "x" * 37}
    payload = await api.start_payload("client", variant, externalId="", timeoutSeconds=9, path=[""], metadata=[1])
    assert payload["session"] is None
    assert {tuple(problem["path"]) for problem in payload["problems"]} == {
        ("input", "externalId"),
        ("input", "timeoutSeconds"),
        ("input", "path", "0"),
        ("input", "metadata"),
        ("input", "variant", "client", "clientSystem"),
        ("input", "variant", "client", "language"),
        ("input", "variant", "client", "timezone"),
        ("input", "variant", "client", "deviceId"),
    }
    assert set(problem_codes(payload)) == {"BAD_USER_INPUT"}
    assert await api.execute("{ sessionStats { total } }") == {"total": 0}


@pytest.mark.parametrize("metadata", [{"a": "x" * 16_384}, {"a": [[[[[[[[1]]]]]]]]}, "text", 1, [], True])
async def test_metadata_is_an_object_of_16_kib_and_8_levels(api: ApiClient, metadata: object) -> None:
    payload = await api.start_payload("user", {"username": "ann"}, metadata=metadata)
    assert [problem["path"] for problem in payload["problems"]] == [["input", "metadata"]]


async def test_metadata_comes_back_as_it_was_given(api: ApiClient) -> None:
    given = {"b": [1, 2.5, None, {"ü": "💡"}], "a": {"deep": {"er": [[[[True]]]]}}}
    session = await api.start_user(fields="metadata", metadata=given)
    assert session["metadata"] == given


async def test_null_means_not_given(api: ApiClient) -> None:
    variant = {"clientSystem": "iOS", "language": None, "timezone": None, "deviceId": None}
    session = await api.start_session(
        "client", variant, "timeoutSeconds ... on ClientSession { language timezone }", timeoutSeconds=None, path=None
    )
    assert (session["timeoutSeconds"], session["language"], session["timezone"]) == (1800, "en", "0000")


@pytest.mark.parametrize("project_id", ["nowhere", ""])
async def test_an_unknown_project_is_not_found(api: ApiClient, project_id: str) -> None:
    payload = await api.start_payload("user", {"username": "ann"}, projectId=project_id)
    assert payload["problems"][0]["path"] == ["input", "projectId"]
    assert problem_codes(payload) == ["NOT_FOUND"]


async def test_a_session_can_carry_on_from_one_of_its_project_and_kind(api: ApiClient) -> None:
    first = await api.start_user()
    second = await api.start_user("bob", "previous { id }", previousId=first["id"])
    assert second["previous"] == {"id": first["id"]}
    payload = await api.start_payload("client", {"clientSystem": "iOS"}, previousId=first["id"])
    assert problem_codes(payload) == ["BAD_USER_INPUT"]
    payload = await api.start_payload("user", {"username": "ann"}, previousId="s_nobody")
    assert problem_codes(payload) == ["NOT_FOUND"]
    assert payload["problems"][0]["path"] == ["input", "previousId"]


async def test_the_timeout_is_the_input_s_over_the_project_s_over_the_kind_s(api: ApiClient) -> None:
    project = """mutation($input: ProjectInput!) { createProject(input: $input) { problems { code } } }"""
    await api.execute(
        project, input={"id": "p", "timeouts": [{"kind": "USER", "seconds": 40}, {"kind": "FIELD", "seconds": 50}]}
    )
    assert (await api.start_user(fields="timeoutSeconds"))["timeoutSeconds"] == 300
    assert (await api.start_user(fields="timeoutSeconds", projectId="p"))["timeoutSeconds"] == 40
    assert (await api.start_user(fields="timeoutSeconds", projectId="p", timeoutSeconds=60))["timeoutSeconds"] == 60
    form = await api.start_session("field", {"unitId": "u"}, "timeoutSeconds", projectId="p")
    assert form["timeoutSeconds"] == 50


async def test_the_same_key_and_input_give_the_first_session(api: ApiClient) -> None:
    first = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    await api.advance(86_399)
    again = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    assert (first["created"], again["created"]) == (True, False)
    assert again["session"]["id"] == first["session"]["id"]
    assert again["session"]["state"] == "ENDED"


async def test_the_same_key_with_other_input_conflicts(api: ApiClient) -> None:
    await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    payload = await api.start_payload("user", {"username": "bob"}, idempotencyKey="k")
    assert (problem_codes(payload), payload["session"]) == (["CONFLICT"], None)


async def test_a_key_is_forgotten_after_24_hours(api: ApiClient) -> None:
    first = await api.start_user(idempotencyKey="k")
    await api.advance(86_400)
    second = await api.start_user(idempotencyKey="k")
    assert first["id"] != second["id"]


async def test_two_starts_at_once_with_one_key_make_one_session(api: ApiClient) -> None:
    payloads = await asyncio.gather(
        *(api.start_payload("user", {"username": "ann"}, idempotencyKey="k") for _ in range(20))
    )
    assert len({payload["session"]["id"] for payload in payloads}) == 1
    assert sorted(payload["created"] for payload in payloads) == [False] * 19 + [True]


async def test_a_key_survives_the_server(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_api(file) as api:
        first = await api.start_user(idempotencyKey="k")
    async with open_api(file, FakeClock(EPOCH + 60_000)) as api:
        again = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    assert (again["created"], again["session"]["id"]) == (False, first["id"])


async def test_a_start_that_had_problems_leaves_its_key_free(api: ApiClient) -> None:
    payload = await api.start_payload("user", {"username": ""}, idempotencyKey="k")
    assert problem_codes(payload) == ["BAD_USER_INPUT"]
    assert (await api.start_payload("user", {"username": "ann"}, idempotencyKey="k"))["created"] is True


async def test_the_key_of_a_deleted_session_starts_nothing(api: ApiClient) -> None:
    session = await api.start_user(idempotencyKey="k")
    await api.delete(session["id"])
    payload = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    assert problem_codes(payload) == ["NOT_FOUND"]


async def test_exactly_one_variant_must_be_given(api: ApiClient) -> None:
    document = "mutation($input: StartSessionInput!) { startSession(input: $input) { created } }"
    for variant in ({}, {"user": None}, {"user": {"username": "a"}, "field": {"unitId": "u"}}):
        response = await api.http.post(
            "/graphql", json={"query": document, "variables": {"input": {"variant": variant}}}
        )
        assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_USER_INPUT"}
