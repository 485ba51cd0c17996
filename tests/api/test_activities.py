"""activities, Session.activities."""

from typing import Any

from tests.api_client import ApiClient

ACTIVITIES = """query($filter: SessionFilter, $types: [ActivityType!], $first: Int, $after: String, $last: Int,
        $before: String) {
    activities(filter: $filter, types: $types, first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id cursor type at clientTime sessionId session { id } data } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
SESSION_ACTIVITIES = """query($id: ID!, $types: [ActivityType!], $after: String, $last: Int) { session(id: $id) {
    activities(types: $types, after: $after, last: $last) {
        edges { cursor node { type } } pageInfo { hasPreviousPage } } } }"""


async def list_activities(api: ApiClient, **arguments: Any) -> list[dict[str, Any]]:
    return [edge["node"] for edge in (await api.execute(ACTIVITIES, **arguments))["edges"]]


async def list_types(api: ApiClient, **arguments: Any) -> list[str]:
    return [entry["type"] for entry in await list_activities(api, **arguments)]


async def start_varied_session(api: ApiClient) -> str:
    """Start, hide, show elsewhere and stop a session; returns its id."""
    id_: str = (await api.start_user(path=["home"]))["id"]
    cart = ("keepaliveSession", {"path": ["cart"], "visible": True})
    for call, extra in (("hideSession", {}), cart, cart, ("stopSession", {})):
        await api.advance(10)
        await api.mutate(call, {"id": id_, **extra})
    return id_


async def test_log_entries_have_type_time_and_session(api: ApiClient) -> None:
    id_ = await start_varied_session(api)
    entries = await list_activities(api)
    assert [entry["type"] for entry in entries] == ["STARTED", "HIDDEN", "SHOWN", "MOVED", "STOPPED"]
    assert [entry["at"][17:19] for entry in entries] == ["40", "50", "00", "00", "20"]
    assert {entry["sessionId"] for entry in entries} == {entry["session"]["id"] for entry in entries} == {id_}
    assert entries[3]["data"] == {"from": ["home"], "to": ["cart"]}
    assert len({entry["id"] for entry in entries}) == 5
    assert all(entry["id"].startswith("a_") for entry in entries)


async def test_last_n_returns_newest_entries_in_log_order(api: ApiClient) -> None:
    await start_varied_session(api)
    assert await list_types(api, last=2) == ["MOVED", "STOPPED"]
    assert await list_types(api, first=2) == ["STARTED", "HIDDEN"]
    info = (await api.execute(ACTIVITIES, last=2))["pageInfo"]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (True, False)
    assert await list_types(api, last=2, before=info["startCursor"]) == ["HIDDEN", "SHOWN"]


async def test_cursor_is_valid_in_log_and_timeline(api: ApiClient) -> None:
    id_ = await start_varied_session(api)
    entries = await list_activities(api)
    timeline = (await api.execute(SESSION_ACTIVITIES, id=id_, after=entries[2]["cursor"]))["activities"]
    assert [edge["node"]["type"] for edge in timeline["edges"]] == ["MOVED", "STOPPED"]
    assert timeline["edges"][-1]["cursor"] == entries[-1]["cursor"]
    assert timeline["pageInfo"]["hasPreviousPage"] is True


async def test_types_and_filters_select_entries(api: ApiClient) -> None:
    id_ = await start_varied_session(api)
    other = (await api.start_user("bob"))["id"]
    assert await list_types(api, types=["HIDDEN", "STOPPED"]) == ["HIDDEN", "STOPPED"]
    assert await list_activities(api, types=[]) == await list_activities(api, filter={"kinds": []}) == []
    assert [entry["sessionId"] for entry in await list_activities(api, filter={"active": True})] == [other]
    (entry,) = await list_activities(api, filter={"ids": [id_]}, types=["STARTED"])
    assert entry["sessionId"] == id_
    assert len(await list_activities(api, filter={"user": {"usernames": ["ann"]}})) == 5
    timeline = (await api.execute(SESSION_ACTIVITIES, id=id_, types=["MOVED"], last=5))["activities"]
    assert [edge["node"]["type"] for edge in timeline["edges"]] == ["MOVED"]


async def test_page_size_defaults_to_50(api: ApiClient) -> None:
    session = await api.start_user()
    for number in range(60):
        await api.mutate("keepaliveSession", {"id": session["id"], "path": [str(number)]})
    timeline = await api.execute(SESSION_ACTIVITIES, id=session["id"])
    assert len(timeline["activities"]["edges"]) == 50
    assert len(await list_activities(api)) == 50
    assert len(await list_activities(api, first=500)) == 61


async def test_refused_call_appends_no_entry(api: ApiClient) -> None:
    id_ = await start_varied_session(api)
    await api.mutate("keepaliveSession", {"id": id_, "path": ["late"]})
    await api.mutate("keepaliveSession", {"id": id_, "sequence": -1})
    assert len(await list_activities(api)) == 5
