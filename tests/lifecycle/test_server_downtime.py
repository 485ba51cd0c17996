"""Downtime of the server and steps of its clock: neither expires a session early."""

from pathlib import Path

from models.clock import HOUR
from tests.api.session_inputs import MEDIA
from tests.api_client import EPOCH, ApiClient, FakeClock, open_api


async def test_downtime_restores_full_timeout(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        session = await api.start_user()
    async with open_api(tmp_path / "test.db", FakeClock(EPOCH + HOUR)) as api:
        found = await api.session(session["id"], "expiresAt lastSeenAt")
        assert (found["state"], found["revision"]) == ("ACTIVE", 1)
        assert (found["lastSeenAt"], found["expiresAt"]) == ("2026-05-28T20:26:40.000Z", "2026-05-28T21:31:40.000Z")
        assert await api.activity_types(session["id"]) == ["STARTED"]
        await api.advance(300)
        assert (await api.session(session["id"]))["endReason"] == "EXPIRED"


async def test_session_expired_before_downtime_stays_ended(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        session = await api.start_user()
        await api.advance(300)
    async with open_api(tmp_path / "test.db", FakeClock(EPOCH + HOUR)) as api:
        found = await api.session(session["id"], "endedAt")
        assert (found["endReason"], found["endedAt"]) == ("EXPIRED", "2026-05-28T20:31:40.000Z")


async def test_downtime_extends_neither_schedule_nor_24_hour_limit(tmp_path: Path) -> None:
    talk = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T20:00:00Z", "endTime": "2026-05-28T22:00:00Z"}
    async with open_api(tmp_path / "test.db") as api:
        item = await api.start_session("agenda", talk)
        user = await api.start_user(timeoutSeconds=86400)
    async with open_api(tmp_path / "test.db", FakeClock(EPOCH + 23 * HOUR)) as api:
        assert (await api.session(item["id"]))["endReason"] == "COMPLETED"
        found = await api.session(user["id"], "expiresAt")
        assert (found["state"], found["expiresAt"]) == ("ACTIVE", "2026-05-29T20:26:40.000Z")


async def test_downtime_restores_stall_timeout(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        session = await api.start_session("media", MEDIA, timeoutSeconds=3600)
        await api.advance(1700)
    async with open_api(tmp_path / "test.db", FakeClock(EPOCH + 2 * HOUR)) as api:
        await api.advance(1799)
        ping = {"playerTime": {"playhead": 0, "ts": "2026-05-28T20:26:41Z"}}
        payload = await api.mutate("keepaliveSession", {"id": session["id"], "media": ping}, "expiresAt")
        assert payload["session"]["expiresAt"] == "2026-05-28T22:56:40.000Z"
        await api.advance(1)
        assert (await api.session(session["id"]))["endReason"] == "STALLED"


async def test_gap_of_5_seconds_is_no_downtime(api: ApiClient) -> None:
    session = await api.start_user(timeoutSeconds=10)
    await api.advance(5)
    api.clock.value += 5000
    assert (await api.session(session["id"]))["endReason"] == "EXPIRED"


async def test_backward_clock_step_makes_no_negative_duration(api: ApiClient) -> None:
    session = await api.start_user(path=["home"])
    api.clock.value -= HOUR
    payload = await api.mutate("keepaliveSession", {"id": session["id"]}, "visibleSeconds elapsedSeconds expiresAt")
    assert payload["problems"] == []
    assert (payload["session"]["visibleSeconds"], payload["session"]["elapsedSeconds"]) == (0, 0)
    assert payload["session"]["expiresAt"] == "2026-05-28T19:31:40.000Z"


async def test_session_expires_in_time_after_backward_clock_step(api: ApiClient) -> None:
    session = await api.start_user()
    api.clock.value += HOUR  # nothing expires in such a jump
    assert (await api.mutate("keepaliveSession", {"id": session["id"]}))["problems"] == []
    await api.advance(299)
    await api.sweep()
    await api.advance(-HOUR)
    api.clock.value += 10_000
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    await api.advance(300)
    assert (await api.session(session["id"]))["endReason"] == "EXPIRED"
    assert await api.execute("{ sessions(filter: {states: [ENDED]}) { totalCount } }") == {"totalCount": 1}
    await api.sweep()
    assert await api.activity_types(session["id"]) == ["STARTED", "EXPIRED"]
