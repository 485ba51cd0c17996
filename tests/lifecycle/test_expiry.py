"""Expiry by timeout and schedule, before and after the sweep that persists it."""

from tests.api_client import ApiClient

TALK = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T21:00:00Z", "endTime": "2026-05-28T22:00:00Z"}
ACTIVITIES = "activities(first: 9) { edges { node { type at } } }"


async def test_sweeper_persists_time_of_expiry_not_of_sweep(api: ApiClient) -> None:
    session = await api.start_user()
    await api.advance(1000)
    before = await api.session(session["id"], "endedAt")
    await api.sweep()
    await api.sweep()
    after = await api.session(session["id"], f"endedAt {ACTIVITIES}")
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
    starts = " ".join(f"s{number}: startSession(input: $input) {{ created }}" for number in range(10))
    for _ in range(51):
        await api.execute(
            f"mutation($input: StartSessionInput!) {{ {starts} }}", input={"variant": {"user": {"username": "ann"}}}
        )
    await api.advance(300)
    await api.sweep()
    assert await api.execute("{ sessionStats { total active } }") == {"total": 510, "active": 0}
    await api.sweep()
    pages = await api.execute(
        """{ first: activities(types: [EXPIRED], first: 500) { edges { node { sessionId } } }
        last: activities(types: [EXPIRED], last: 10) { edges { node { sessionId } } pageInfo { hasPreviousPage } } }"""
    )
    ids = [edge["node"]["sessionId"] for page in pages.values() for edge in page["edges"]]
    assert len(set(ids)) == 510
    assert pages["last"]["pageInfo"]["hasPreviousPage"]


async def test_agenda_item_starts_and_completes_by_schedule(api: ApiClient) -> None:
    session = await api.start_session("agenda", TALK, "elapsedSeconds")
    assert (session["state"], session["elapsedSeconds"]) == ("SCHEDULED", 0)
    await api.advance(2000)
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    await api.sweep()
    await api.advance(3600)
    await api.sweep()
    ended = await api.session(session["id"], f"elapsedSeconds {ACTIVITIES}")
    assert (ended["endReason"], ended["elapsedSeconds"]) == ("COMPLETED", 3600)
    assert [tuple(edge["node"].values()) for edge in ended["activities"]["edges"]] == [
        ("SCHEDULED", "2026-05-28T20:26:40.000Z"),
        ("STARTED", "2026-05-28T21:00:00.000Z"),
        ("COMPLETED", "2026-05-28T22:00:00.000Z"),
    ]


async def test_late_sweep_persists_start_and_completion(api: ApiClient) -> None:
    session = await api.start_session("agenda", TALK)
    await api.advance(100_000)
    await api.sweep()
    assert await api.activity_types(session["id"]) == ["SCHEDULED", "STARTED", "COMPLETED"]
    assert (await api.session(session["id"]))["revision"] == 2


async def test_all_day_item_ends_with_its_utc_day(api: ApiClient) -> None:
    variant = {"guide": 1, "name": "Fair", "startTime": "2026-05-28T23:30:00+02:00", "allDay": True}
    assert (await api.start_session("agenda", variant, "expiresAt"))["expiresAt"] == "2026-05-29T00:00:00.000Z"


async def test_item_with_past_end_is_ended_at_creation(api: ApiClient) -> None:
    times = {"startTime": "2026-05-27T10:00:00Z", "endTime": "2026-05-27T11:00:00Z"}
    session = await api.start_session("agenda", TALK | times, "endedAt elapsedSeconds")
    assert (session["state"], session["endReason"], session["revision"]) == ("ENDED", "COMPLETED", 1)
    assert (session["endedAt"], session["elapsedSeconds"]) == ("2026-05-27T11:00:00.000Z", 3600)
    assert await api.activity_types(session["id"]) == ["STARTED", "COMPLETED"]
