"""hideSession, stopSession, terminateSession."""

from tests.api.session_inputs import problem_codes
from tests.api_client import ApiClient

TERMINATE = """mutation($input: TerminateSessionInput!) { terminateSession(input: $input) {
    session { state endReason revision elapsedSeconds visible } problems { code path } } }"""


async def test_hide_makes_session_hidden_and_counts_as_heartbeat(api: ApiClient) -> None:
    session = await api.start_user(path=["home"])
    await api.advance(200)
    hidden = (await api.mutate("hideSession", {"id": session["id"]}, "lastSeenAt"))["session"]
    assert (hidden["state"], hidden["visible"], hidden["path"]) == ("ACTIVE", False, ["home"])
    await api.advance(200)
    assert (await api.session(session["id"]))["state"] == "ACTIVE"


async def test_second_hide_appends_no_activity(api: ApiClient) -> None:
    session = await api.start_user()
    await api.mutate("hideSession", {"id": session["id"]})
    await api.mutate("hideSession", {"id": session["id"]})
    assert await api.activity_types(session["id"]) == ["STARTED", "HIDDEN"]


async def test_hide_credits_the_path_it_names(api: ApiClient) -> None:
    session = await api.start_user(path=["home"])
    await api.advance(10)
    payload = await api.mutate(
        "hideSession", {"id": session["id"], "path": ["old"]}, "visibleSeconds pathTimes { path visibleSeconds }"
    )
    assert payload["session"]["pathTimes"] == [{"path": ["old"], "visibleSeconds": 10}]
    assert payload["session"]["path"] == ["home"]


async def test_stop_is_idempotent(api: ApiClient) -> None:
    session = await api.start_user()
    await api.advance(42.5)
    for _ in range(2):
        payload = await api.mutate("stopSession", {"id": session["id"]}, "elapsedSeconds endedAt expiresAt")
        assert payload["problems"] == []
        stopped = payload["session"]
        assert (stopped["state"], stopped["endReason"], stopped["revision"]) == ("ENDED", "STOPPED", 2)
        assert (stopped["elapsedSeconds"], stopped["visible"], stopped["expiresAt"]) == (42.5, False, None)
        await api.advance(5)
    assert await api.activity_types(session["id"]) == ["STARTED", "STOPPED"]


async def test_stop_counts_with_lower_sequence(api: ApiClient) -> None:
    session = await api.start_user()
    await api.mutate("keepaliveSession", {"id": session["id"], "sequence": 9})
    payload = await api.mutate("stopSession", {"id": session["id"], "sequence": 1})
    assert payload["session"]["endReason"] == "STOPPED"


async def test_expired_session_cannot_be_stopped(api: ApiClient) -> None:
    session = await api.start_user()
    await api.advance(300)
    payload = await api.mutate("stopSession", {"id": session["id"]})
    assert problem_codes(payload) == ["SESSION_ENDED"]
    assert payload["session"]["endReason"] == "EXPIRED"


async def test_termination_records_reason_and_is_no_heartbeat(api: ApiClient) -> None:
    session = await api.start_user()
    await api.advance(100)
    given = {"id": session["id"], "reason": "asked by support"}
    for _ in range(2):
        payload = await api.execute(TERMINATE, input=given)
        assert payload["problems"] == []
        assert (payload["session"]["endReason"], payload["session"]["revision"]) == ("TERMINATED", 2)
        assert payload["session"]["elapsedSeconds"] == 100
    found = await api.session(session["id"], "visibleSeconds activities(last: 1) { edges { node { type data } } }")
    entry = found["activities"]["edges"][0]["node"]
    assert (entry["type"], entry["data"]["reason"]) == ("TERMINATED", "asked by support")
    assert found["visibleSeconds"] == 0


async def test_termination_requires_a_reason(api: ApiClient) -> None:
    session = await api.start_user()
    payload = await api.execute(TERMINATE, input={"id": session["id"], "reason": ""})
    assert payload["problems"] == [{"code": "BAD_USER_INPUT", "path": ["input", "reason"]}]
