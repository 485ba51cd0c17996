"""hideSession."""

from tests.api_client import ApiClient


async def test_hide_makes_session_hidden_and_counts_as_heartbeat(api: ApiClient) -> None:
    session = await api.start_user(path=["home"])
    await api.advance(200)
    hidden = (await api.mutate("hideSession", {"id": session["id"]}))["session"]
    assert (hidden["state"], hidden["visible"], hidden["path"]) == ("ACTIVE", False, ["home"])
    await api.advance(200)
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    await api.mutate("hideSession", {"id": session["id"]})
    assert await api.activity_types(session["id"]) == ["STARTED", "HIDDEN"]


async def test_hide_credits_the_path_it_names(api: ApiClient) -> None:
    session = await api.start_user(path=["home"])
    await api.advance(10)
    hide = {"id": session["id"], "path": ["old"]}
    hidden = (await api.mutate("hideSession", hide, "pathTimes { path visibleSeconds }"))["session"]
    assert (hidden["pathTimes"], hidden["path"]) == ([{"path": ["old"], "visibleSeconds": 10}], ["home"])
