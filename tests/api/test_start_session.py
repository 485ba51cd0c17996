"""startSession: fields of all kinds, previous session, idempotency keys."""

import asyncio
from pathlib import Path
from typing import Any

from tests.api.session_inputs import problem_codes, problem_paths
from tests.api_client import EPOCH, ApiClient, FakeClock, open_api


async def start_with_key(api: ApiClient, username: str = "ann") -> dict[str, Any]:
    return await api.start_payload("user", {"username": username}, idempotencyKey="k")


async def test_start_creates_visible_session_in_default_project(api: ApiClient) -> None:
    fields = "subject project { id } createdAt startedAt metadata"
    payload = await api.start_payload("user", {"username": "ann"}, fields)
    session = payload["session"]
    assert (payload["created"], payload["keepaliveSeconds"], payload["problems"]) == (True, 100, [])
    assert (session["state"], session["visible"], session["path"], session["metadata"]) == ("ACTIVE", True, [], {})
    assert (session["revision"], session["project"], session["subject"]) == (1, {"id": "default"}, "ann")
    assert session["createdAt"] == session["startedAt"] == "2026-05-28T20:26:40.000Z"
    assert (session["id"][:2], len(session["id"])) == ("s_", 24)


async def test_invalid_start_reports_all_problems_and_stores_nothing(api: ApiClient) -> None:
    variant = {"clientSystem": "", "language": "xx", "timezone": "Mars/Crater", "deviceId": "x" * 37}
    payload = await api.start_payload("client", variant, externalId="", timeoutSeconds=9, path=[""], metadata=[1])
    names = ["externalId", "timeoutSeconds", "path.0", "metadata", *(f"variant.client.{name}" for name in variant)]
    assert payload["session"] is None
    assert sorted(problem_paths(payload)) == sorted(f"input.{name}" for name in names)
    assert set(problem_codes(payload)) == {"BAD_USER_INPUT"}
    assert await api.execute("{ sessionStats { total } }") == {"total": 0}


async def test_metadata_is_an_object_of_16_kib_and_8_levels(api: ApiClient) -> None:
    invalid: list[object] = [{"a": "x" * 16_384}, {"a": [[[[[[[[1]]]]]]]]}, "text", 1, [], True]
    for metadata in invalid:
        payload = await api.start_payload("user", {"username": "ann"}, metadata=metadata)
        assert problem_paths(payload) == ["input.metadata"]
    valid = {"b": [1, 2.5, None, {"ü": "💡"}], "a": {"deep": {"er": [[[[True]]]]}}}
    assert (await api.start_user(fields="metadata", metadata=valid))["metadata"] == valid


async def test_null_in_start_means_absent(api: ApiClient) -> None:
    variant = {"clientSystem": "iOS", "language": None, "timezone": None, "deviceId": None}
    fields = "timeoutSeconds ... on ClientSession { language timezone }"
    session = await api.start_session("client", variant, fields, timeoutSeconds=None, path=None)
    assert (session["timeoutSeconds"], session["language"], session["timezone"]) == (1800, "en", "0000")


async def test_unknown_project_is_not_found(api: ApiClient) -> None:
    for project_id in ("nowhere", ""):
        payload = await api.start_payload("user", {"username": "ann"}, projectId=project_id)
        assert (problem_codes(payload), problem_paths(payload)) == (["NOT_FOUND"], ["input.projectId"])


async def test_previous_session_must_have_same_project_and_kind(api: ApiClient) -> None:
    first = await api.start_user()
    second = await api.start_user("bob", "previous { id }", previousId=first["id"])
    assert second["previous"] == {"id": first["id"]}
    payload = await api.start_payload("client", {"clientSystem": "iOS"}, previousId=first["id"])
    assert problem_codes(payload) == ["BAD_USER_INPUT"]
    payload = await api.start_payload("user", {"username": "ann"}, previousId="s_unknown")
    assert (problem_codes(payload), problem_paths(payload)) == (["NOT_FOUND"], ["input.previousId"])


async def test_replayed_start_returns_first_session_for_24_hours(api: ApiClient) -> None:
    first = await start_with_key(api)
    await api.advance(86_399)
    replayed = await start_with_key(api)
    assert (first["created"], replayed["created"]) == (True, False)
    assert (replayed["session"]["id"], replayed["session"]["state"]) == (first["session"]["id"], "ENDED")
    await api.advance(1)
    assert (await start_with_key(api))["created"]


async def test_key_is_bound_to_its_first_valid_input(api: ApiClient) -> None:
    assert problem_codes(await start_with_key(api, "")) == ["BAD_USER_INPUT"]
    first = await start_with_key(api)
    assert first["created"] is True
    payload = await start_with_key(api, "bob")
    assert (problem_codes(payload), payload["session"]) == (["CONFLICT"], None)
    await api.delete(first["session"]["id"])
    assert problem_codes(await start_with_key(api)) == ["NOT_FOUND"]


async def test_key_is_bound_to_the_input_with_its_defaults(api: ApiClient) -> None:
    variant = {"guide": 7, "name": "Talk", "startTime": "2026-05-28T20:00:00Z"}
    same = variant | {
        "startTime": "2026-05-28T22:00:00+02:00",
        "rank": 0,
        "allDay": False,
        "locations": [],
        "endTime": None,
    }
    first = await api.start_payload("agenda", variant, idempotencyKey="k")
    again = await api.start_payload("agenda", same, idempotencyKey="k", visible=True, path=None)
    assert (again["problems"], again["created"]) == ([], False)
    assert again["session"]["id"] == first["session"]["id"]


async def test_concurrent_starts_with_one_key_create_one_session(api: ApiClient) -> None:
    payloads = await asyncio.gather(*(start_with_key(api) for _ in range(20)))
    assert len({payload["session"]["id"] for payload in payloads}) == 1
    assert sorted(payload["created"] for payload in payloads) == [False] * 19 + [True]


async def test_idempotency_key_survives_restart(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_api(file) as api:
        first = await start_with_key(api)
    async with open_api(file, FakeClock(EPOCH + 60_000)) as api:
        replayed = await start_with_key(api)
    assert (replayed["created"], replayed["session"]["id"]) == (False, first["session"]["id"])


async def test_start_requires_exactly_one_variant(api: ApiClient) -> None:
    document = "mutation($input: StartSessionInput!) { startSession(input: $input) { created } }"
    for variant in ({}, {"user": None}, {"user": {"username": "a"}, "field": {"unitId": "u"}}):
        request = {"query": document, "variables": {"input": {"variant": variant}}}
        errors = (await api.http.post("/graphql", json=request)).json()["errors"]
        assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
