"""startSession: what all kinds share."""

import asyncio
from pathlib import Path

import pytest

from tests.api.session_inputs import problem_codes
from tests.api_client import EPOCH, ApiClient, FakeClock, open_api


async def test_start_creates_visible_session_in_default_project(api: ApiClient) -> None:
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


async def test_invalid_start_reports_all_problems_and_stores_nothing(api: ApiClient) -> None:
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


async def test_metadata_round_trips(api: ApiClient) -> None:
    given = {"b": [1, 2.5, None, {"ü": "💡"}], "a": {"deep": {"er": [[[[True]]]]}}}
    session = await api.start_user(fields="metadata", metadata=given)
    assert session["metadata"] == given


async def test_null_in_start_means_absent(api: ApiClient) -> None:
    variant = {"clientSystem": "iOS", "language": None, "timezone": None, "deviceId": None}
    session = await api.start_session(
        "client", variant, "timeoutSeconds ... on ClientSession { language timezone }", timeoutSeconds=None, path=None
    )
    assert (session["timeoutSeconds"], session["language"], session["timezone"]) == (1800, "en", "0000")


@pytest.mark.parametrize("project_id", ["nowhere", ""])
async def test_unknown_project_is_not_found(api: ApiClient, project_id: str) -> None:
    payload = await api.start_payload("user", {"username": "ann"}, projectId=project_id)
    assert payload["problems"][0]["path"] == ["input", "projectId"]
    assert problem_codes(payload) == ["NOT_FOUND"]


async def test_previous_session_must_have_same_project_and_kind(api: ApiClient) -> None:
    first = await api.start_user()
    second = await api.start_user("bob", "previous { id }", previousId=first["id"])
    assert second["previous"] == {"id": first["id"]}
    payload = await api.start_payload("client", {"clientSystem": "iOS"}, previousId=first["id"])
    assert problem_codes(payload) == ["BAD_USER_INPUT"]
    payload = await api.start_payload("user", {"username": "ann"}, previousId="s_nobody")
    assert problem_codes(payload) == ["NOT_FOUND"]
    assert payload["problems"][0]["path"] == ["input", "previousId"]


async def test_timeout_comes_from_input_then_project_then_kind(api: ApiClient) -> None:
    project = """mutation($input: ProjectInput!) { createProject(input: $input) { problems { code } } }"""
    await api.execute(
        project, input={"id": "p", "timeouts": [{"kind": "USER", "seconds": 40}, {"kind": "FIELD", "seconds": 50}]}
    )
    assert (await api.start_user(fields="timeoutSeconds"))["timeoutSeconds"] == 300
    assert (await api.start_user(fields="timeoutSeconds", projectId="p"))["timeoutSeconds"] == 40
    assert (await api.start_user(fields="timeoutSeconds", projectId="p", timeoutSeconds=60))["timeoutSeconds"] == 60
    form = await api.start_session("field", {"unitId": "u"}, "timeoutSeconds", projectId="p")
    assert form["timeoutSeconds"] == 50


async def test_replayed_start_returns_first_session(api: ApiClient) -> None:
    first = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    await api.advance(86_399)
    again = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    assert (first["created"], again["created"]) == (True, False)
    assert again["session"]["id"] == first["session"]["id"]
    assert again["session"]["state"] == "ENDED"


async def test_key_with_other_input_conflicts(api: ApiClient) -> None:
    await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    payload = await api.start_payload("user", {"username": "bob"}, idempotencyKey="k")
    assert (problem_codes(payload), payload["session"]) == (["CONFLICT"], None)


async def test_idempotency_key_expires_after_24_hours(api: ApiClient) -> None:
    first = await api.start_user(idempotencyKey="k")
    await api.advance(86_400)
    second = await api.start_user(idempotencyKey="k")
    assert first["id"] != second["id"]


async def test_concurrent_starts_with_one_key_create_one_session(api: ApiClient) -> None:
    payloads = await asyncio.gather(
        *(api.start_payload("user", {"username": "ann"}, idempotencyKey="k") for _ in range(20))
    )
    assert len({payload["session"]["id"] for payload in payloads}) == 1
    assert sorted(payload["created"] for payload in payloads) == [False] * 19 + [True]


async def test_idempotency_key_survives_restart(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_api(file) as api:
        first = await api.start_user(idempotencyKey="k")
    async with open_api(file, FakeClock(EPOCH + 60_000)) as api:
        again = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    assert (again["created"], again["session"]["id"]) == (False, first["id"])


async def test_refused_start_does_not_use_its_key(api: ApiClient) -> None:
    payload = await api.start_payload("user", {"username": ""}, idempotencyKey="k")
    assert problem_codes(payload) == ["BAD_USER_INPUT"]
    assert (await api.start_payload("user", {"username": "ann"}, idempotencyKey="k"))["created"] is True


async def test_key_of_deleted_session_is_not_found(api: ApiClient) -> None:
    session = await api.start_user(idempotencyKey="k")
    await api.delete(session["id"])
    payload = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    assert problem_codes(payload) == ["NOT_FOUND"]


async def test_start_requires_exactly_one_variant(api: ApiClient) -> None:
    document = "mutation($input: StartSessionInput!) { startSession(input: $input) { created } }"
    for variant in ({}, {"user": None}, {"user": {"username": "a"}, "field": {"unitId": "u"}}):
        response = await api.http.post(
            "/graphql", json={"query": document, "variables": {"input": {"variant": variant}}}
        )
        assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_USER_INPUT"}
