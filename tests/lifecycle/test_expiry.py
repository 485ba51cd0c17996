"""Beginnings and ends by time, noted by the sweeper or not."""

from typing import Any

import pytest

from tests.api_client import ApiClient

MEDIA = {
    "playerTime": {"playhead": 0, "ts": "2026-05-28T20:26:40Z"},
    "trackingServer": "t",
    "reportSuite": "r",
    "organizationId": "o",
    "mediaId": "m",
    "length": 60,
    "contentType": "VOD",
    "playerName": "p",
    "channel": "c",
}


@pytest.mark.parametrize(
    ("kind", "variant", "silence"),
    [("client", {"clientSystem": "iOS"}, 1800), ("media", MEDIA, 600), ("user", {"username": "ann"}, 300)],
)
async def test_session_expires_exactly_at_its_timeout(
    api: ApiClient, kind: str, variant: dict[str, Any], silence: int
) -> None:
    session = await api.start_session(kind, variant)
    await api.advance(silence - 0.001)
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    await api.advance(0.001)
    ended = await api.session(session["id"], "elapsedSeconds expiresAt")
    assert (ended["state"], ended["endReason"], ended["visible"]) == ("ENDED", "EXPIRED", False)
    assert (ended["elapsedSeconds"], ended["expiresAt"]) == (0, None)


async def test_sweeper_persists_time_of_expiry_not_of_sweep(api: ApiClient) -> None:
    session = await api.start_user()
    await api.advance(1000)
    before = await api.session(session["id"], "endedAt")
    await api.sweep()
    await api.sweep()
    after = await api.session(session["id"], "endedAt activities(first: 9) { edges { node { type at } } }")
    assert before["endedAt"] == after["endedAt"] == "2026-05-28T20:31:40.000Z"
    entries = [edge["node"] for edge in after["activities"]["edges"]]
    assert entries[1:] == [{"type": "EXPIRED", "at": "2026-05-28T20:31:40.000Z"}]
    assert (before["revision"], after["revision"]) == (1, 2)


async def test_sweep_does_not_change_live_session(api: ApiClient) -> None:
    session = await api.start_user()
    for _ in range(4):
        await api.advance(200)
        await api.mutate("keepaliveSession", {"id": session["id"]})
        await api.sweep()
    assert (await api.session(session["id"]))["revision"] == 5
    await api.advance(300)
    await api.sweep()
    assert await api.activity_types(session["id"]) == ["STARTED", "EXPIRED"]


async def test_one_sweep_expires_more_than_one_batch(api: ApiClient) -> None:
    document = (
        "mutation($input: StartSessionInput!) { "
        + " ".join(f"s{number}: startSession(input: $input) {{ created }}" for number in range(10))
        + " }"
    )
    for _ in range(51):
        await api.execute(document, input={"variant": {"user": {"username": "ann"}}})
    await api.advance(300)
    await api.sweep()
    ended = "{ activities(types: [EXPIRED], last: 1) { edges { node { type } } } sessionStats { total active } }"
    counted = await api.execute(ended)
    assert counted["sessionStats"] == {"total": 510, "active": 0}
    await api.sweep()
    assert len(await _sessions_with_activity(api, "EXPIRED")) == 510


async def _sessions_with_activity(api: ApiClient, activity_type: str) -> list[str]:
    document = """query($types: [ActivityType!], $after: String) {
        activities(types: $types, first: 500, after: $after) {
            edges { node { sessionId } } pageInfo { hasNextPage endCursor } } }"""
    found: list[str] = []
    after = None
    while True:
        page = await api.execute(document, types=[activity_type], after=after)
        found += [edge["node"]["sessionId"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def test_user_session_expires_after_24_hours(api: ApiClient) -> None:
    session = await api.start_user(timeoutSeconds=86400)
    await api.advance(86399)
    assert (await api.mutate("keepaliveSession", {"id": session["id"]}))["problems"] == []
    await api.advance(1)
    ended = await api.session(session["id"], "endedAt elapsedSeconds")
    assert (ended["endReason"], ended["endedAt"]) == ("EXPIRED", "2026-05-29T20:26:40.000Z")
    assert ended["elapsedSeconds"] == 86399


async def test_unmoved_playhead_stalls_session_after_30_minutes(api: ApiClient) -> None:
    session = await api.start_session("media", MEDIA)
    for step in range(1, 7):
        await api.advance(300)
        ping = {"playerTime": {"playhead": 7, "ts": f"2026-05-28T20:{26 + 5 * step:02}:40Z"}}
        payload = await api.mutate("keepaliveSession", {"id": session["id"], "media": ping})
        assert payload["problems"] == []
    await api.advance(299.999)
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    await api.advance(0.001)
    await api.sweep()
    stalled = await api.session(session["id"], "endedAt elapsedSeconds ... on MediaSession { playhead playerState }")
    assert (stalled["endReason"], stalled["endedAt"]) == ("STALLED", "2026-05-28T21:01:40.000Z")
    assert (stalled["elapsedSeconds"], stalled["playhead"], stalled["playerState"]) == (1800, 7, "STARTING")
    assert (await api.activity_types(session["id"]))[-1] == "STALLED"


async def test_agenda_item_starts_and_completes_by_schedule(api: ApiClient) -> None:
    variant = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T21:00:00Z", "endTime": "2026-05-28T22:00:00Z"}
    session = await api.start_session("agenda", variant, "elapsedSeconds")
    assert (session["state"], session["elapsedSeconds"]) == ("SCHEDULED", 0)
    await api.advance(2000)
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    await api.sweep()
    await api.advance(3600)
    await api.sweep()
    ended = await api.session(session["id"], "elapsedSeconds activities(first: 9) { edges { node { type at } } }")
    assert (ended["endReason"], ended["elapsedSeconds"]) == ("COMPLETED", 3600)
    assert [tuple(edge["node"].values()) for edge in ended["activities"]["edges"]] == [
        ("SCHEDULED", "2026-05-28T20:26:40.000Z"),
        ("STARTED", "2026-05-28T21:00:00.000Z"),
        ("COMPLETED", "2026-05-28T22:00:00.000Z"),
    ]


async def test_late_sweep_persists_start_and_completion(api: ApiClient) -> None:
    variant = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T21:00:00Z", "endTime": "2026-05-28T22:00:00Z"}
    session = await api.start_session("agenda", variant)
    await api.advance(100_000)
    await api.sweep()
    assert await api.activity_types(session["id"]) == ["SCHEDULED", "STARTED", "COMPLETED"]
    assert (await api.session(session["id"]))["revision"] == 2


async def test_all_day_item_ends_with_its_utc_day(api: ApiClient) -> None:
    variant = {"guide": 1, "name": "Fair", "startTime": "2026-05-28T23:30:00+02:00", "allDay": True}
    session = await api.start_session("agenda", variant, "expiresAt")
    assert session["expiresAt"] == "2026-05-29T00:00:00.000Z"


async def test_item_without_end_time_never_completes(api: ApiClient) -> None:
    session = await api.start_session("agenda", {"guide": 1, "name": "Fair", "startTime": "2026-05-28T20:00:00Z"})
    await api.advance(10_000_000)
    await api.sweep()
    assert (await api.session(session["id"]))["state"] == "ACTIVE"


async def test_item_stopped_before_its_start_is_cancelled(api: ApiClient) -> None:
    session = await api.start_session("agenda", {"guide": 1, "name": "Talk", "startTime": "2026-05-29T00:00:00Z"})
    for _ in range(2):
        payload = await api.mutate("stopSession", {"id": session["id"]}, "elapsedSeconds")
        assert payload["problems"] == []
        assert (payload["session"]["endReason"], payload["session"]["elapsedSeconds"]) == ("CANCELLED", 0)
    await api.advance(100_000)
    await api.sweep()
    assert await api.activity_types(session["id"]) == ["SCHEDULED", "CANCELLED"]


async def test_item_with_past_end_is_ended_at_creation(api: ApiClient) -> None:
    variant = {"guide": 1, "name": "Past", "startTime": "2026-05-27T10:00:00Z", "endTime": "2026-05-27T11:00:00Z"}
    session = await api.start_session("agenda", variant, "endedAt elapsedSeconds")
    assert (session["state"], session["endReason"], session["revision"]) == ("ENDED", "COMPLETED", 1)
    assert (session["endedAt"], session["elapsedSeconds"]) == ("2026-05-27T11:00:00.000Z", 3600)
    assert await api.activity_types(session["id"]) == ["STARTED", "COMPLETED"]
