"""keepaliveSession, keepaliveSessions."""

from typing import Final

import pytest

from tests.api.session_inputs import MINIMAL_INPUTS, problem_codes, problem_paths
from tests.api_client import ApiClient

KEEPALIVE_SESSIONS: Final = """mutation($input: KeepaliveSessionsInput!) { keepaliveSessions(input: $input) {
    results { session { id revision path } problems { code path } } problems { code path } } }"""


async def test_keepalive_extends_the_deadline(api: ApiClient) -> None:
    session = await api.start_user(fields="expiresAt lastSeenAt")
    assert (session["lastSeenAt"], session["expiresAt"]) == ("2026-05-28T20:26:40.000Z", "2026-05-28T20:31:40.000Z")
    await api.advance(299.999)
    payload = await api.mutate("keepaliveSession", {"id": session["id"]}, "expiresAt")
    assert payload["problems"] == []
    assert (payload["session"]["expiresAt"], payload["session"]["revision"]) == ("2026-05-28T20:36:39.999Z", 2)


@pytest.mark.parametrize("call", ["keepaliveSession", "hideSession", "stopSession"])
async def test_late_call_does_not_revive_session(api: ApiClient, call: str) -> None:
    session = await api.start_user()
    await api.advance(300)
    payload = await api.mutate(call, {"id": session["id"]}, "endedAt")
    assert (problem_codes(payload), problem_paths(payload)) == (["SESSION_ENDED"], ["input.id"])
    ended = payload["session"]
    assert (ended["state"], ended["endReason"], ended["endedAt"]) == ("ENDED", "EXPIRED", "2026-05-28T20:31:40.000Z")
    assert payload.get("keepaliveSeconds") is None
    assert await api.activity_types(session["id"]) == ["STARTED", "EXPIRED"]


async def test_changes_have_activities_with_visibility_before_path(api: ApiClient) -> None:
    session = await api.start_user(path=["home"])
    await api.advance(10)
    await api.mutate("keepaliveSession", {"id": session["id"], "path": ["home"]})
    await api.mutate("keepaliveSession", {"id": session["id"], "visible": False, "path": ["cart"]})
    await api.mutate("keepaliveSession", {"id": session["id"], "visible": True, "path": ["home"]})
    assert await api.activity_types(session["id"]) == ["STARTED", "HIDDEN", "MOVED", "SHOWN", "MOVED"]


@pytest.mark.parametrize("kind", MINIMAL_INPUTS)
async def test_keepalive_without_visible_leaves_hidden_session_hidden(api: ApiClient, kind: str) -> None:
    session = await api.start_session(kind, MINIMAL_INPUTS[kind], path=["tab"])
    await api.mutate("hideSession", {"id": session["id"]})
    for given in ({}, {"visible": None}, {"path": None}):
        await api.advance(100)
        payload = await api.mutate("keepaliveSession", {"id": session["id"], **given}, "visibleSeconds")
        kept = payload["session"]
        assert (kept["visible"], kept["visibleSeconds"], kept["path"]) == (False, 0, ["tab"])
    assert await api.activity_types(session["id"]) == ["STARTED", "HIDDEN"]


async def test_keepalive_without_visible_leaves_visible_session_visible(api: ApiClient) -> None:
    session = await api.start_user()
    await api.advance(100)
    kept = (await api.mutate("keepaliveSession", {"id": session["id"]}, "visibleSeconds"))["session"]
    assert (kept["visible"], kept["visibleSeconds"]) == (True, 100)
    shown = (await api.mutate("keepaliveSession", {"id": session["id"], "visible": False}))["session"]
    assert shown["visible"] is False


async def test_keepalive_interval_is_a_third_of_the_timeout_if_any(api: ApiClient) -> None:
    for seconds, expected in ((10, 3), (300, 100), (360, 120), (361, 120), (86400, 120)):
        payload = await api.start_payload("user", {"username": "ann"}, timeoutSeconds=seconds)
        assert payload["keepaliveSeconds"] == expected
    payload = await api.start_payload("agenda", MINIMAL_INPUTS["agenda"], "expiresAt timeoutSeconds")
    assert payload["keepaliveSeconds"] is None
    assert (payload["session"]["expiresAt"], payload["session"]["timeoutSeconds"]) == (None, None)


async def test_call_changes_nothing_unless_its_sequence_is_higher_or_absent(api: ApiClient) -> None:
    session = await api.start_user()
    for sequence, revision in [(5, 2), (5, 2), (4, 2), (None, 3), (6, 4)]:
        keepalive = {"id": session["id"], "sequence": sequence, "visible": sequence != 4}
        payload = await api.mutate("keepaliveSession", keepalive)
        assert payload["problems"] == []
        assert (payload["session"]["revision"], payload["session"]["visible"]) == (revision, True)


async def test_batch_of_keepalives_fails_one_by_one(api: ApiClient) -> None:
    first, second = await api.start_user("ann"), await api.start_user("bob")
    paths = {"id": first["id"], "path": ["a"]}, {"id": first["id"], "path": ["b"]}
    sessions = [paths[0], {"id": "s_unknown"}, {"id": second["id"], "sequence": -1}, paths[1]]
    payload = await api.execute(KEEPALIVE_SESSIONS, input={"sessions": sessions})
    results, path = payload["results"], ["input", "sessions"]
    assert payload["problems"] == []
    assert results[0]["session"] == {"id": first["id"], "revision": 2, "path": ["a"]}
    assert results[1] == {"session": None, "problems": [{"code": "NOT_FOUND", "path": [*path, "1", "id"]}]}
    assert results[2]["problems"] == [{"code": "BAD_USER_INPUT", "path": [*path, "2", "sequence"]}]
    assert results[3]["session"] == {"id": first["id"], "revision": 3, "path": ["b"]}


async def test_batch_of_501_keepalives_is_refused(api: ApiClient) -> None:
    session = await api.start_user()
    sessions = [{"id": session["id"]}] * 501
    payload = await api.execute(KEEPALIVE_SESSIONS, input={"sessions": sessions})
    assert payload == {"results": [], "problems": [{"code": "TOO_LARGE", "path": ["input", "sessions"]}]}
    assert (await api.session(session["id"]))["revision"] == 1
    payload = await api.execute(KEEPALIVE_SESSIONS, input={"sessions": sessions[1:]})
    assert [result["problems"] for result in payload["results"]] == [[]] * 500
    assert await api.execute(KEEPALIVE_SESSIONS, input={"sessions": []}) == {"results": [], "problems": []}


async def test_keepalive_without_visibility_leaves_session_hidden(api: ApiClient) -> None:
    session = await api.start_user()
    await api.mutate("hideSession", {"id": session["id"]})
    for values in ({}, {"visible": None}, {"path": ["cart"]}):
        await api.advance(10)
        payload = await api.mutate("keepaliveSession", {"id": session["id"], **values}, "visibleSeconds")
        assert (payload["session"]["visible"], payload["session"]["visibleSeconds"]) == (False, 0)
    payload = await api.mutate("keepaliveSession", {"id": session["id"], "visible": True})
    assert payload["session"]["visible"] is True
    assert await api.activity_types(session["id"]) == ["STARTED", "HIDDEN", "MOVED", "SHOWN"]


async def test_path_has_at_most_8_segments_of_512_characters(api: ApiClient) -> None:
    session = await api.start_user()
    for path in (["a"] * 9, [""], ["x" * 513]):
        payload = await api.mutate("keepaliveSession", {"id": session["id"], "path": path})
        assert problem_codes(payload) == ["BAD_USER_INPUT"]
        assert payload["problems"][0]["path"][:2] == ["input", "path"]
    assert (await api.session(session["id"]))["revision"] == 1
