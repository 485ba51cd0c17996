"""stopSession."""

from tests.api_client import ApiClient


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
