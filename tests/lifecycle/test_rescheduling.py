"""Rescheduling of AGENDA sessions: each start and end applies once, at its new time."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from models.clock import MINUTE, to_rfc3339
from tests.api.session_inputs import problem_codes, problem_paths
from tests.api_client import EPOCH, ApiClient, FakeClock, open_api


def instant_at(minutes: float) -> str:
    """Format the instant that many minutes after the start of the test."""
    return to_rfc3339(EPOCH + round(minutes * MINUTE))


def _minutes(instant: str) -> str:
    return f"{(datetime.fromisoformat(instant).timestamp() * 1000 - EPOCH) / MINUTE:g}"


async def start_talk(api: ApiClient, start: float, end: float | None = None) -> str:
    """Start an item with times in minutes; returns its id."""
    times = {"startTime": instant_at(start)} | ({} if end is None else {"endTime": instant_at(end)})
    return str((await api.start_session("agenda", {"guide": 1, "name": "Talk", **times}))["id"])


async def reschedule(api: ApiClient, id_: str, fields: str = "", **minutes_by_field: float | None) -> dict[str, Any]:
    """Update the times of an item, in minutes; returns the session."""
    times = {
        f"{name}Time": None if minutes is None else instant_at(minutes) for name, minutes in minutes_by_field.items()
    }
    payload = await api.mutate("updateAgendaSession", {"id": id_, **times}, f"endedAt {fields}")
    assert payload["problems"] == []
    session: dict[str, Any] = payload["session"]
    return session


async def read_timeline(api: ApiClient, id_: str) -> str:
    """Read the types of activities with their times in minutes, such as `STARTED -10, COMPLETED 60`."""
    found = await api.session(id_, "activities(first: 20) { edges { node { type at } } }")
    entries = [edge["node"] for edge in found["activities"]["edges"]]
    return ", ".join(f"{entry['type']} {_minutes(entry['at'])}" for entry in entries)


async def read_state(api: ApiClient, id_: str) -> str:
    return str((await api.session(id_))["state"])


async def advance_and_sweep(api: ApiClient, seconds: float) -> None:
    await api.advance(seconds)
    await api.sweep()


async def test_future_start_reschedules_active_item(api: ApiClient) -> None:
    id_ = await start_talk(api, -10, 60)
    moved = await reschedule(api, id_, "elapsedSeconds expiresAt startedAt", start=30)
    assert (moved["state"], moved["revision"], moved["elapsedSeconds"]) == ("SCHEDULED", 2, 0)
    assert (moved["startedAt"], moved["expiresAt"]) == (instant_at(30), instant_at(60))
    await advance_and_sweep(api, 30 * 60 - 0.001)
    assert await read_state(api, id_) == "SCHEDULED"
    await advance_and_sweep(api, 0.001)
    assert await read_state(api, id_) == "ACTIVE"
    assert await read_timeline(api, id_) == "STARTED -10, UPDATED 0, SCHEDULED 0, STARTED 30"


@pytest.mark.parametrize(
    ("times", "changes", "sweeps", "timeline"),
    [
        ((10, 60), {"start": 20}, (10, 10, 40), "SCHEDULED 0, UPDATED 0, STARTED 20, COMPLETED 60"),
        ((30,), {"start": 10}, (10,), "SCHEDULED 0, UPDATED 0, STARTED 10"),
        ((30,), {"start": -5}, (0,), "SCHEDULED 0, UPDATED 0, STARTED -5"),
        ((-30, 30), {"end": -10}, (0,), "STARTED -30, UPDATED 0, COMPLETED -10"),
        ((-30,), {"end": 0}, (0,), "STARTED -30, UPDATED 0, COMPLETED 0"),
        ((30, 60), {"start": -60, "end": -30}, (), "SCHEDULED 0, UPDATED 0, STARTED -60, COMPLETED -30"),
    ],
    ids=["postponed", "advanced", "past start", "past end", "end now", "past"],
)
async def test_rescheduled_item_starts_and_completes_at_new_times(
    api: ApiClient, times: tuple[float, ...], changes: dict[str, Any], sweeps: tuple[int, ...], timeline: str
) -> None:
    id_ = await start_talk(api, *times)
    assert (await reschedule(api, id_, **changes))["revision"] == 2
    for minutes in sweeps:
        await advance_and_sweep(api, minutes * 60)
    assert await read_state(api, id_) == ("ENDED" if "COMPLETED" in timeline else "ACTIVE")
    assert await read_timeline(api, id_) == timeline


async def test_past_end_sets_end_and_elapsed_time(api: ApiClient) -> None:
    id_ = await start_talk(api, -30, 30)
    moved = await reschedule(api, id_, "elapsedSeconds ... on AgendaSession { endTime }", end=-10)
    assert (moved["endedAt"], moved["endTime"], moved["elapsedSeconds"]) == (instant_at(-10), instant_at(-10), 1200)


async def test_postponed_or_cleared_end_does_not_complete_item(api: ApiClient) -> None:
    postponed, endless = await start_talk(api, -30, 10), await start_talk(api, -30, 10)
    await reschedule(api, postponed, end=20)
    await reschedule(api, endless, end=None)
    for seconds, states in ((20 * 60 - 0.001, ["ACTIVE", "ACTIVE"]), (0.001, ["ENDED", "ACTIVE"])):
        await advance_and_sweep(api, seconds)
        assert [await read_state(api, id_) for id_ in (postponed, endless)] == states
    assert (await read_timeline(api, postponed)).endswith(", COMPLETED 20")


async def test_unswept_completed_item_cannot_be_rescheduled(api: ApiClient) -> None:
    id_ = await start_talk(api, -30, 10)
    await api.advance(600)
    payload = await api.mutate("updateAgendaSession", {"id": id_, "endTime": instant_at(60)})
    assert (problem_codes(payload), problem_paths(payload)) == (["SESSION_ENDED"], ["input.endTime"])
    assert await read_timeline(api, id_) == "STARTED -30, COMPLETED 10"


async def test_due_start_is_applied_before_the_update(api: ApiClient) -> None:
    id_ = await start_talk(api, 10, 60)
    await api.advance(900)
    moved = await reschedule(api, id_, start=30)
    assert (moved["state"], moved["revision"]) == ("SCHEDULED", 3)
    assert await read_timeline(api, id_) == "SCHEDULED 0, STARTED 10, UPDATED 15, SCHEDULED 15"


async def test_rescheduled_item_can_be_cancelled(api: ApiClient) -> None:
    id_ = await start_talk(api, -30)
    await reschedule(api, id_, start=30)
    assert (await api.mutate("stopSession", {"id": id_}))["session"]["endReason"] == "CANCELLED"


async def test_other_updates_do_not_change_the_schedule(api: ApiClient) -> None:
    id_ = await start_talk(api, 10, 20)
    await api.mutate("updateAgendaSession", {"id": id_, "name": "Other", "rank": 7})
    await advance_and_sweep(api, 600)
    await advance_and_sweep(api, 600)
    assert await read_timeline(api, id_) == "SCHEDULED 0, UPDATED 0, STARTED 10, COMPLETED 20"


@pytest.mark.parametrize("swept", [True, False])
async def test_rescheduling_survives_restart(tmp_path: Path, swept: bool) -> None:
    clock = FakeClock()
    async with open_api(tmp_path / "test.db", clock) as api:
        ids = [await start_talk(api, *times) for times in ((10, 20), (60,), (-10, 60))]
        await reschedule(api, ids[0], start=30, end=40)
        await reschedule(api, ids[1], start=20)
        await reschedule(api, ids[2], start=35, end=37)
        if swept:
            await api.sweep()
    clock.value += 25 * MINUTE
    async with open_api(tmp_path / "test.db", clock) as api:
        await api.sweep()
        assert [await read_state(api, id_) for id_ in ids] == ["SCHEDULED", "ACTIVE", "SCHEDULED"]
        await advance_and_sweep(api, 15 * 60)
        for id_, entries in zip(
            ids, ("STARTED 30, COMPLETED 40", "STARTED 20", "STARTED 35, COMPLETED 37"), strict=True
        ):
            assert (await read_timeline(api, id_)).endswith(f", {entries}")
