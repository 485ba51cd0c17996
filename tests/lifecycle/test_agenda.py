"""Heartbeats and ends of AGENDA sessions."""

from typing import Any

import pytest

from tests.api_client import ApiClient

FIELDS = """lastSeenAt endedAt elapsedSeconds visibleSeconds expiresAt pathTimes { path }
    ... on AgendaSession { startTime endTime }"""
ACTIVE_ITEM = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T20:00:00Z", "endTime": "2026-05-28T22:00:00Z"}
SCHEDULED_ITEM = ACTIVE_ITEM | {"startTime": "2026-05-28T21:00:00Z"}
NOW = "2026-05-28T20:26:40.000Z"


async def start_item(api: ApiClient, variant: dict[str, Any], **common: Any) -> dict[str, Any]:
    return await api.start_session("agenda", variant, FIELDS, **common)


async def visible_items(api: ApiClient) -> set[str]:
    document = "{ sessions(filter: {agenda: {guides: [1]}, visible: true}) { nodes { id } } }"
    return {node["id"] for node in (await api.execute(document))["nodes"]}


@pytest.mark.parametrize("variant", [ACTIVE_ITEM, SCHEDULED_ITEM], ids=["active", "scheduled"])
async def test_hide_and_keepalive_toggle_visibility_of_item(api: ApiClient, variant: dict[str, Any]) -> None:
    session = await start_item(api, variant)
    assert await visible_items(api) == {session["id"]}
    hidden = await api.mutate("hideSession", {"id": session["id"]}, FIELDS)
    assert (hidden["session"]["visible"], hidden["session"]["state"]) == (False, session["state"])
    assert await visible_items(api) == set()
    shown = await api.mutate("keepaliveSession", {"id": session["id"], "visible": True}, FIELDS)
    assert (shown["session"]["visible"], shown["session"]["state"]) == (True, session["state"])
    assert await visible_items(api) == {session["id"]}
    assert (await api.activity_types(session["id"]))[1:] == ["HIDDEN", "SHOWN"]


async def test_hidden_item_starts_and_completes_hidden(api: ApiClient) -> None:
    session = await start_item(api, SCHEDULED_ITEM)
    await api.mutate("hideSession", {"id": session["id"]})
    await api.advance(3600)
    await api.sweep()
    begun = await api.session(session["id"])
    assert (begun["state"], begun["visible"]) == ("ACTIVE", False)
    await api.advance(3600)
    await api.sweep()
    assert await api.activity_types(session["id"]) == ["SCHEDULED", "HIDDEN", "STARTED", "COMPLETED"]


@pytest.mark.parametrize("variant", [ACTIVE_ITEM, SCHEDULED_ITEM], ids=["active", "scheduled"])
async def test_keepalive_of_item_sets_last_seen_only(api: ApiClient, variant: dict[str, Any]) -> None:
    session = await start_item(api, variant)
    await api.advance(60)
    payload = await api.mutate("keepaliveSession", {"id": session["id"], "path": ["hall 1"]}, FIELDS)
    seen = payload["session"]
    assert (payload["problems"], payload["keepaliveSeconds"]) == ([], None)
    assert (session["lastSeenAt"], seen["lastSeenAt"]) == (NOW, "2026-05-28T20:27:40.000Z")
    assert (seen["expiresAt"], seen["path"]) == (session["expiresAt"], ["hall 1"])
    assert (seen["visibleSeconds"], seen["pathTimes"]) == (0, [])


@pytest.mark.parametrize(
    ("variant", "reason", "elapsed", "activities"),
    [
        (ACTIVE_ITEM, "STOPPED", 1600, ["STARTED", "STOPPED"]),
        (SCHEDULED_ITEM, "CANCELLED", 0, ["SCHEDULED", "CANCELLED"]),
    ],
    ids=["active", "scheduled"],
)
async def test_stop_ends_or_cancels_item_and_keeps_its_schedule(
    api: ApiClient, variant: dict[str, Any], reason: str, elapsed: int, activities: list[str]
) -> None:
    session = await start_item(api, variant)
    for _ in range(2):
        payload = await api.mutate("stopSession", {"id": session["id"]}, FIELDS)
        assert payload["problems"] == []
    ended = payload["session"]
    assert (ended["state"], ended["endReason"], ended["visible"]) == ("ENDED", reason, False)
    assert (ended["endedAt"], ended["elapsedSeconds"]) == (NOW, elapsed)
    assert (ended["startTime"], ended["endTime"]) == (session["startTime"], session["endTime"])
    await api.advance(7200)
    await api.sweep()
    assert await api.activity_types(session["id"]) == activities
    assert await visible_items(api) == set()


async def test_item_stopped_at_its_start_time_is_stopped(api: ApiClient) -> None:
    session = await start_item(api, SCHEDULED_ITEM)
    await api.advance(2000)
    stopped = (await api.mutate("stopSession", {"id": session["id"]}, FIELDS))["session"]
    assert (stopped["endReason"], stopped["elapsedSeconds"]) == ("STOPPED", 0)
    assert await api.activity_types(session["id"]) == ["SCHEDULED", "STARTED", "STOPPED"]


async def test_terminated_scheduled_item_is_not_cancelled(api: ApiClient) -> None:
    session = await start_item(api, SCHEDULED_ITEM)
    ended = await api.mutate("terminateSession", {"id": session["id"], "reason": "spam"}, FIELDS)
    assert (ended["session"]["endReason"], ended["session"]["elapsedSeconds"]) == ("TERMINATED", 0)
