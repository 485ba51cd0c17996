"""The server's own absence is not the client's silence."""

from pathlib import Path

from tests.api_client import EPOCH, ApiClient, FakeClock, open_api
from tests.lifecycle.test_expiry import MEDIA


async def test_sessions_get_their_full_time_again_after_the_server_was_away(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_api(file) as api:
        session = await api.start_user()
    async with open_api(file, FakeClock(EPOCH + 3_600_000)) as api:
        found = await api.session(session["id"], "expiresAt lastSeenAt")
        assert (found["state"], found["revision"]) == ("ACTIVE", 1)
        assert (found["lastSeenAt"], found["expiresAt"]) == ("2026-05-28T20:26:40.000Z", "2026-05-28T21:31:40.000Z")
        assert await api.activity_types(session["id"]) == ["STARTED"]
        await api.advance(300)
        assert (await api.session(session["id"]))["endReason"] == "EXPIRED"


async def test_a_clock_that_jumps_ahead_ends_nothing(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        session = await api.start_user()
        api.clock.value += 3_600_000
        payload = await api.mutate("keepaliveSession", {"id": session["id"]})
        assert payload["problems"] == []


async def test_what_had_ended_before_the_server_went_away_stays_ended(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_api(file) as api:
        session = await api.start_user()
        await api.advance(300)
    async with open_api(file, FakeClock(EPOCH + 3_600_000)) as api:
        found = await api.session(session["id"], "endedAt")
        assert (found["endReason"], found["endedAt"]) == ("EXPIRED", "2026-05-28T20:31:40.000Z")


async def test_schedules_and_the_day_of_a_user_session_do_not_wait_for_the_server(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    talk = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T20:00:00Z", "endTime": "2026-05-28T22:00:00Z"}
    async with open_api(file) as api:
        item = await api.start_session("agenda", talk)
        user = await api.start_user(timeoutSeconds=86400)
    async with open_api(file, FakeClock(EPOCH + 23 * 3_600_000)) as api:
        assert (await api.session(item["id"]))["endReason"] == "COMPLETED"
        found = await api.session(user["id"], "expiresAt")
        assert (found["state"], found["expiresAt"]) == ("ACTIVE", "2026-05-29T20:26:40.000Z")


async def test_the_playhead_too_gets_its_time_again(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_api(file) as api:
        session = await api.start_session("media", MEDIA, timeoutSeconds=3600)
        await api.advance(1700)
    async with open_api(file, FakeClock(EPOCH + 7_200_000)) as api:
        await api.advance(1799)
        ping = {"playerTime": {"playhead": 0, "ts": "2026-05-28T20:26:41Z"}}
        payload = await api.mutate("keepaliveSession", {"id": session["id"], "media": ping}, "expiresAt")
        assert payload["session"]["expiresAt"] == "2026-05-28T22:56:40.000Z"
        await api.advance(1)
        assert (await api.session(session["id"]))["endReason"] == "STALLED"


async def test_a_short_pause_is_no_absence(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        session = await api.start_user(timeoutSeconds=10)
        await api.advance(5)
        api.clock.value += 5000
        assert (await api.session(session["id"]))["endReason"] == "EXPIRED"


async def test_a_clock_that_steps_back_makes_no_negative_time(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        session = await api.start_user(path=["home"])
        api.clock.value -= 3_600_000
        payload = await api.mutate("keepaliveSession", {"id": session["id"]}, "visibleSeconds elapsedSeconds expiresAt")
        assert payload["problems"] == []
        assert (payload["session"]["visibleSeconds"], payload["session"]["elapsedSeconds"]) == (0, 0)
        assert payload["session"]["expiresAt"] == "2026-05-28T19:31:40.000Z"


async def test_sessions_of_a_clock_that_was_set_back_end_in_time_after_an_absence(api: ApiClient) -> None:
    session = await api.start_user()
    api.clock.value += 3_600_000
    await api.mutate("keepaliveSession", {"id": session["id"]})
    await api.advance(299)
    await api.sweep()
    await api.advance(-3_600_000)
    api.clock.value += 10_000
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    await api.advance(300)
    assert (await api.session(session["id"]))["endReason"] == "EXPIRED"
    assert await api.execute("{ sessions(filter: {states: [ENDED]}) { totalCount } }") == {"totalCount": 1}
    await api.sweep()
    assert await api.activity_types(session["id"]) == ["STARTED", "EXPIRED"]
