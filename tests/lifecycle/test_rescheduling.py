"""Items of the agenda whose times move: they begin and end when they now should, and each is announced once."""

from pathlib import Path
from typing import Any

import pytest

from tests.api_client import EPOCH, FakeClock, World, open_world

TIMELINE = "activities(first: 20) { edges { node { type at } } }"


def at(minutes: float) -> str:
    """So many minutes after the test began, at 20:26:40."""
    seconds = 20 * 3600 + 26 * 60 + 40 + round(minutes * 60)
    day, rest = divmod(seconds, 86_400)
    return f"2026-05-{28 + day:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.000Z"


async def talk(world: World, start: float, end: float | None = None) -> str:
    """The id of an item that begins, and ends, so many minutes after the test began."""
    times = {"startTime": at(start)} | ({} if end is None else {"endTime": at(end)})
    return str((await world.started("agenda", {"guide": 1, "name": "Talk", **times}))["id"])


async def move(world: World, id_: str, fields: str = "", **given: float | None) -> dict[str, Any]:
    """The session after an update of its times, given in minutes."""
    times = {f"{name}Time": None if minutes is None else at(minutes) for name, minutes in given.items()}
    payload = await world.mutate("updateAgendaSession", {"id": id_, **times}, f"endedAt {fields}")
    assert payload["problems"] == []
    session: dict[str, Any] = payload["session"]
    return session


async def timeline(world: World, id_: str) -> list[tuple[str, str]]:
    found = await world.session(id_, TIMELINE)
    return [(edge["node"]["type"], edge["node"]["at"]) for edge in found["activities"]["edges"]]


async def state(world: World, id_: str) -> str:
    return str((await world.session(id_))["state"])


async def test_a_start_moved_ahead_makes_it_scheduled_again(world: World) -> None:
    id_ = await talk(world, -10, 60)
    moved = await move(world, id_, "elapsedSeconds expiresAt startedAt", start=30)
    assert (moved["state"], moved["revision"], moved["elapsedSeconds"]) == ("SCHEDULED", 2, 0)
    assert (moved["startedAt"], moved["expiresAt"]) == (at(30), at(60))
    await world.advance(30 * 60 - 0.001)
    await world.sweep()
    assert await state(world, id_) == "SCHEDULED"
    await world.advance(0.001)
    await world.sweep()
    assert await state(world, id_) == "ACTIVE"
    assert await timeline(world, id_) == [
        ("STARTED", at(-10)),
        ("UPDATED", at(0)),
        ("SCHEDULED", at(0)),
        ("STARTED", at(30)),
    ]


async def test_a_start_that_is_put_off_begins_at_its_new_time_only(world: World) -> None:
    id_ = await talk(world, 10, 60)
    await move(world, id_, start=20)
    told = [("SCHEDULED", at(0)), ("UPDATED", at(0))]
    for minute, news in ((10, []), (20, [("STARTED", at(20))]), (60, [("COMPLETED", at(60))])):
        await world.advance(minute * 60 - (world.clock.value - EPOCH) / 1000)
        await world.sweep()
        told += news
        assert await timeline(world, id_) == told


async def test_a_start_moved_forward_begins_at_its_new_time(world: World) -> None:
    id_ = await talk(world, 30)
    await move(world, id_, start=10)
    await world.advance(600)
    await world.sweep()
    assert await timeline(world, id_) == [("SCHEDULED", at(0)), ("UPDATED", at(0)), ("STARTED", at(10))]


async def test_a_start_moved_into_the_past_has_begun(world: World) -> None:
    id_ = await talk(world, 30)
    moved = await move(world, id_, "elapsedSeconds", start=-5)
    assert (moved["state"], moved["revision"], moved["elapsedSeconds"]) == ("ACTIVE", 2, 300)
    await world.sweep()
    assert await timeline(world, id_) == [("SCHEDULED", at(0)), ("UPDATED", at(0)), ("STARTED", at(-5))]


async def test_an_end_moved_into_the_past_ends_it_there(world: World) -> None:
    id_ = await talk(world, -30, 30)
    moved = await move(world, id_, "elapsedSeconds ... on AgendaSession { endTime }", end=-10)
    assert (moved["state"], moved["endReason"], moved["revision"]) == ("ENDED", "COMPLETED", 2)
    assert (moved["endedAt"], moved["endTime"], moved["elapsedSeconds"]) == (at(-10), at(-10), 1200)
    await world.sweep()
    assert await timeline(world, id_) == [("STARTED", at(-30)), ("UPDATED", at(0)), ("COMPLETED", at(-10))]


async def test_an_end_moved_to_this_moment_ends_it_now(world: World) -> None:
    id_ = await talk(world, -30)
    assert (await move(world, id_, end=0))["endedAt"] == at(0)


async def test_a_whole_item_moved_into_the_past_has_begun_and_is_over(world: World) -> None:
    id_ = await talk(world, 30, 60)
    moved = await move(world, id_, start=-60, end=-30)
    assert (moved["endReason"], moved["endedAt"], moved["revision"]) == ("COMPLETED", at(-30), 2)
    assert await timeline(world, id_) == [
        ("SCHEDULED", at(0)),
        ("UPDATED", at(0)),
        ("STARTED", at(-60)),
        ("COMPLETED", at(-30)),
    ]


async def test_an_end_that_is_put_off_or_taken_away_does_not_come(world: World) -> None:
    put_off, endless = await talk(world, -30, 10), await talk(world, -30, 10)
    await move(world, put_off, end=20)
    await move(world, endless, end=None)
    await world.advance(20 * 60 - 0.001)
    await world.sweep()
    assert [await state(world, id_) for id_ in (put_off, endless)] == ["ACTIVE", "ACTIVE"]
    await world.advance(0.001)
    await world.sweep()
    assert [await state(world, id_) for id_ in (put_off, endless)] == ["ENDED", "ACTIVE"]
    assert (await timeline(world, put_off))[-1] == ("COMPLETED", at(20))


async def test_an_end_that_has_passed_is_not_moved_though_nobody_has_noted_it(world: World) -> None:
    id_ = await talk(world, -30, 10)
    await world.advance(600)
    payload = await world.mutate("updateAgendaSession", {"id": id_, "endTime": at(60)})
    assert [problem["code"] for problem in payload["problems"]] == ["SESSION_ENDED"]
    assert await timeline(world, id_) == [("STARTED", at(-30)), ("COMPLETED", at(10))]


async def test_a_beginning_that_nobody_has_noted_comes_before_the_update(world: World) -> None:
    id_ = await talk(world, 10, 60)
    await world.advance(900)
    moved = await move(world, id_, start=30)
    assert (moved["state"], moved["revision"]) == ("SCHEDULED", 3)
    assert await timeline(world, id_) == [
        ("SCHEDULED", at(0)),
        ("STARTED", at(10)),
        ("UPDATED", at(15)),
        ("SCHEDULED", at(15)),
    ]


async def test_an_item_that_is_scheduled_again_can_be_cancelled(world: World) -> None:
    id_ = await talk(world, -30)
    await move(world, id_, start=30)
    payload = await world.mutate("stopSession", {"id": id_})
    assert payload["session"]["endReason"] == "CANCELLED"


async def test_other_changes_move_no_times(world: World) -> None:
    id_ = await talk(world, 10, 20)
    await world.mutate("updateAgendaSession", {"id": id_, "name": "Other", "rank": 7})
    for _ in range(2):
        await world.advance(600)
        await world.sweep()
    assert [what for what, _ in await timeline(world, id_)] == ["SCHEDULED", "UPDATED", "STARTED", "COMPLETED"]


@pytest.mark.parametrize("swept", [True, False])
async def test_moved_times_are_kept_by_a_server_that_restarts(tmp_path: Path, swept: bool) -> None:
    clock = FakeClock()
    async with open_world(tmp_path / "test.db", clock) as world:
        later, earlier, again = await talk(world, 10, 20), await talk(world, 60), await talk(world, -10, 60)
        await move(world, later, start=30, end=40)
        await move(world, earlier, start=20)
        await move(world, again, start=35, end=37)
        if swept:
            await world.sweep()
    clock.value += 25 * 60_000
    async with open_world(tmp_path / "test.db", clock) as world:
        await world.sweep()
        assert [await state(world, id_) for id_ in (later, earlier, again)] == ["SCHEDULED", "ACTIVE", "SCHEDULED"]
        await world.advance(15 * 60)
        await world.sweep()
        assert (await timeline(world, later))[-2:] == [("STARTED", at(30)), ("COMPLETED", at(40))]
        assert (await timeline(world, earlier))[-1] == ("STARTED", at(20))
        assert (await timeline(world, again))[-2:] == [("STARTED", at(35)), ("COMPLETED", at(37))]
