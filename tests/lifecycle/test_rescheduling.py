"""Items of the agenda whose times move: they begin and end when they now should, and each is announced once."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.session_inputs import problem_codes
from tests.api_client import EPOCH, ApiClient, FakeClock, open_api

TIMELINE = "activities(first: 20) { edges { node { type at } } }"


def instant_at(minutes: float) -> str:
    """So many minutes after the test began, at 20:26:40."""
    seconds = 20 * 3600 + 26 * 60 + 40 + round(minutes * 60)
    day, rest = divmod(seconds, 86_400)
    return f"2026-05-{28 + day:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.000Z"


async def start_talk(api: ApiClient, start: float, end: float | None = None) -> str:
    """The id of an item that begins, and ends, so many minutes after the test began."""
    times = {"startTime": instant_at(start)} | ({} if end is None else {"endTime": instant_at(end)})
    return str((await api.start_session("agenda", {"guide": 1, "name": "Talk", **times}))["id"])


async def reschedule(api: ApiClient, id_: str, fields: str = "", **minutes_by_field: float | None) -> dict[str, Any]:
    """The session after an update of its times, given in minutes."""
    times = {
        f"{name}Time": None if minutes is None else instant_at(minutes) for name, minutes in minutes_by_field.items()
    }
    payload = await api.mutate("updateAgendaSession", {"id": id_, **times}, f"endedAt {fields}")
    assert payload["problems"] == []
    session: dict[str, Any] = payload["session"]
    return session


async def read_timeline(api: ApiClient, id_: str) -> list[tuple[str, str]]:
    found = await api.session(id_, TIMELINE)
    return [(edge["node"]["type"], edge["node"]["at"]) for edge in found["activities"]["edges"]]


async def read_state(api: ApiClient, id_: str) -> str:
    return str((await api.session(id_))["state"])


async def test_future_start_reschedules_active_item(api: ApiClient) -> None:
    id_ = await start_talk(api, -10, 60)
    moved = await reschedule(api, id_, "elapsedSeconds expiresAt startedAt", start=30)
    assert (moved["state"], moved["revision"], moved["elapsedSeconds"]) == ("SCHEDULED", 2, 0)
    assert (moved["startedAt"], moved["expiresAt"]) == (instant_at(30), instant_at(60))
    await api.advance(30 * 60 - 0.001)
    await api.sweep()
    assert await read_state(api, id_) == "SCHEDULED"
    await api.advance(0.001)
    await api.sweep()
    assert await read_state(api, id_) == "ACTIVE"
    assert await read_timeline(api, id_) == [
        ("STARTED", instant_at(-10)),
        ("UPDATED", instant_at(0)),
        ("SCHEDULED", instant_at(0)),
        ("STARTED", instant_at(30)),
    ]


async def test_postponed_item_starts_at_new_time_only(api: ApiClient) -> None:
    id_ = await start_talk(api, 10, 60)
    await reschedule(api, id_, start=20)
    told = [("SCHEDULED", instant_at(0)), ("UPDATED", instant_at(0))]
    for minute, news in ((10, []), (20, [("STARTED", instant_at(20))]), (60, [("COMPLETED", instant_at(60))])):
        await api.advance(minute * 60 - (api.clock.value - EPOCH) / 1000)
        await api.sweep()
        told += news
        assert await read_timeline(api, id_) == told


async def test_advanced_item_starts_at_new_time(api: ApiClient) -> None:
    id_ = await start_talk(api, 30)
    await reschedule(api, id_, start=10)
    await api.advance(600)
    await api.sweep()
    assert await read_timeline(api, id_) == [
        ("SCHEDULED", instant_at(0)),
        ("UPDATED", instant_at(0)),
        ("STARTED", instant_at(10)),
    ]


async def test_item_with_past_start_is_started(api: ApiClient) -> None:
    id_ = await start_talk(api, 30)
    moved = await reschedule(api, id_, "elapsedSeconds", start=-5)
    assert (moved["state"], moved["revision"], moved["elapsedSeconds"]) == ("ACTIVE", 2, 300)
    await api.sweep()
    assert await read_timeline(api, id_) == [
        ("SCHEDULED", instant_at(0)),
        ("UPDATED", instant_at(0)),
        ("STARTED", instant_at(-5)),
    ]


async def test_past_end_completes_item_at_that_time(api: ApiClient) -> None:
    id_ = await start_talk(api, -30, 30)
    moved = await reschedule(api, id_, "elapsedSeconds ... on AgendaSession { endTime }", end=-10)
    assert (moved["state"], moved["endReason"], moved["revision"]) == ("ENDED", "COMPLETED", 2)
    assert (moved["endedAt"], moved["endTime"], moved["elapsedSeconds"]) == (instant_at(-10), instant_at(-10), 1200)
    await api.sweep()
    assert await read_timeline(api, id_) == [
        ("STARTED", instant_at(-30)),
        ("UPDATED", instant_at(0)),
        ("COMPLETED", instant_at(-10)),
    ]


async def test_end_at_now_completes_item(api: ApiClient) -> None:
    id_ = await start_talk(api, -30)
    assert (await reschedule(api, id_, end=0))["endedAt"] == instant_at(0)


async def test_item_moved_into_the_past_is_started_and_completed(api: ApiClient) -> None:
    id_ = await start_talk(api, 30, 60)
    moved = await reschedule(api, id_, start=-60, end=-30)
    assert (moved["endReason"], moved["endedAt"], moved["revision"]) == ("COMPLETED", instant_at(-30), 2)
    assert await read_timeline(api, id_) == [
        ("SCHEDULED", instant_at(0)),
        ("UPDATED", instant_at(0)),
        ("STARTED", instant_at(-60)),
        ("COMPLETED", instant_at(-30)),
    ]


async def test_postponed_or_cleared_end_does_not_complete_item(api: ApiClient) -> None:
    put_off, endless = await start_talk(api, -30, 10), await start_talk(api, -30, 10)
    await reschedule(api, put_off, end=20)
    await reschedule(api, endless, end=None)
    await api.advance(20 * 60 - 0.001)
    await api.sweep()
    assert [await read_state(api, id_) for id_ in (put_off, endless)] == ["ACTIVE", "ACTIVE"]
    await api.advance(0.001)
    await api.sweep()
    assert [await read_state(api, id_) for id_ in (put_off, endless)] == ["ENDED", "ACTIVE"]
    assert (await read_timeline(api, put_off))[-1] == ("COMPLETED", instant_at(20))


async def test_unswept_completed_item_cannot_be_updated(api: ApiClient) -> None:
    id_ = await start_talk(api, -30, 10)
    await api.advance(600)
    payload = await api.mutate("updateAgendaSession", {"id": id_, "endTime": instant_at(60)})
    assert problem_codes(payload) == ["SESSION_ENDED"]
    assert await read_timeline(api, id_) == [("STARTED", instant_at(-30)), ("COMPLETED", instant_at(10))]


async def test_due_start_is_applied_before_the_update(api: ApiClient) -> None:
    id_ = await start_talk(api, 10, 60)
    await api.advance(900)
    moved = await reschedule(api, id_, start=30)
    assert (moved["state"], moved["revision"]) == ("SCHEDULED", 3)
    assert await read_timeline(api, id_) == [
        ("SCHEDULED", instant_at(0)),
        ("STARTED", instant_at(10)),
        ("UPDATED", instant_at(15)),
        ("SCHEDULED", instant_at(15)),
    ]


async def test_rescheduled_item_can_be_cancelled(api: ApiClient) -> None:
    id_ = await start_talk(api, -30)
    await reschedule(api, id_, start=30)
    payload = await api.mutate("stopSession", {"id": id_})
    assert payload["session"]["endReason"] == "CANCELLED"


async def test_other_updates_do_not_change_the_schedule(api: ApiClient) -> None:
    id_ = await start_talk(api, 10, 20)
    await api.mutate("updateAgendaSession", {"id": id_, "name": "Other", "rank": 7})
    for _ in range(2):
        await api.advance(600)
        await api.sweep()
    assert [what for what, _ in await read_timeline(api, id_)] == ["SCHEDULED", "UPDATED", "STARTED", "COMPLETED"]


@pytest.mark.parametrize("swept", [True, False])
async def test_rescheduling_survives_restart(tmp_path: Path, swept: bool) -> None:
    clock = FakeClock()
    async with open_api(tmp_path / "test.db", clock) as api:
        later, earlier, again = (
            await start_talk(api, 10, 20),
            await start_talk(api, 60),
            await start_talk(api, -10, 60),
        )
        await reschedule(api, later, start=30, end=40)
        await reschedule(api, earlier, start=20)
        await reschedule(api, again, start=35, end=37)
        if swept:
            await api.sweep()
    clock.value += 25 * 60_000
    async with open_api(tmp_path / "test.db", clock) as api:
        await api.sweep()
        assert [await read_state(api, id_) for id_ in (later, earlier, again)] == ["SCHEDULED", "ACTIVE", "SCHEDULED"]
        await api.advance(15 * 60)
        await api.sweep()
        assert (await read_timeline(api, later))[-2:] == [("STARTED", instant_at(30)), ("COMPLETED", instant_at(40))]
        assert (await read_timeline(api, earlier))[-1] == ("STARTED", instant_at(20))
        assert (await read_timeline(api, again))[-2:] == [("STARTED", instant_at(35)), ("COMPLETED", instant_at(37))]
