"""terminateSession."""

from tests.api.session_inputs import problem_paths
from tests.api_client import ApiClient


async def test_termination_records_reason_and_is_no_heartbeat(api: ApiClient) -> None:
    session = await api.start_user()
    await api.advance(100)
    for _ in range(2):
        terminate = {"id": session["id"], "reason": "requested by support"}
        payload = await api.mutate("terminateSession", terminate, "elapsedSeconds visibleSeconds")
        assert payload["problems"] == []
        ended = payload["session"]
        assert (ended["endReason"], ended["revision"], ended["elapsedSeconds"]) == ("TERMINATED", 2, 100)
        assert ended["visibleSeconds"] == 0
    found = await api.session(session["id"], "activities(last: 1) { edges { node { type data } } }")
    entry = found["activities"]["edges"][0]["node"]
    assert (entry["type"], entry["data"]["reason"]) == ("TERMINATED", "requested by support")


async def test_termination_requires_a_reason(api: ApiClient) -> None:
    session = await api.start_user()
    payload = await api.mutate("terminateSession", {"id": session["id"], "reason": ""})
    assert problem_paths(payload) == ["input.reason"]
