"""`heartbeats: true`: keepalives that moved only the clock."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.database import Database
from resolvers.feed import queries
from resolvers.subscriptions.live_query import LiveSet
from tests.feed.test_min_interval import pass_time
from tests.feed.test_set_changes import said
from tests.feed_harness import Stage


async def beat(stage: Stage, *sessions: dict[str, str]) -> None:
    for session in sessions:
        await stage.world.mutate("keepaliveSession", {"id": session["id"]})


async def test_a_heartbeat_is_an_update_with_the_cursor_of_the_last_position(stage: Stage) -> None:
    session = await stage.world.user()
    stream = await stage.watch(heartbeats=True)
    await pass_time(stage, 5)
    await beat(stage, session)
    (change,) = await stream.read()
    assert said([change]) == [("UPDATED", session["id"], None)]
    assert change.at == change.session.last_seen_at == stage.world.clock.value
    assert (await stage.watch(heartbeats=True, after=change.cursor)).told == []


async def test_a_session_beats_at_most_once_a_second(stage: Stage) -> None:
    a, b = [await stage.world.user(name) for name in "ab"]
    stream = await stage.watch(heartbeats=True)
    await beat(stage, a)
    assert len(await stream.read()) == 1
    await beat(stage, a, b, a)
    await pass_time(stage, 0.999)
    assert await stream.read() == []
    await pass_time(stage, 0.001)
    assert {change.id for change in await stream.read()} == {a["id"], b["id"]}
    await pass_time(stage, 1)
    assert await stream.read() == []


async def test_and_at_most_once_in_the_interval(stage: Stage) -> None:
    session = await stage.world.user()
    stream = await stage.watch(heartbeats=True, every=5000)
    await beat(stage, session)
    assert len(await stream.read()) == 1
    await beat(stage, session)
    await pass_time(stage, 4)
    assert await stream.read() == []
    await pass_time(stage, 1)
    assert len(await stream.read()) == 1


async def test_what_is_told_anyway_is_not_told_as_a_heartbeat(stage: Stage) -> None:
    session = await stage.world.user()
    stream = await stage.watch(heartbeats=True)
    await beat(stage, session)
    await stage.world.mutate("hideSession", {"id": session["id"]})
    assert said(await stream.read()) == [("UPDATED", session["id"], "HIDDEN")]
    await pass_time(stage, 2)
    assert await stream.read() == []


async def test_what_is_told_with_many_others_is_not_told_as_a_heartbeat_either(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "ENTRIES", 2)
    sessions = [await stage.world.user(name) for name in "ab"]
    stream = await stage.watch(heartbeats=True)
    for session in sessions:
        await stage.world.mutate("keepaliveSession", {"id": session["id"], "path": ["x"]})
    assert said(await stream.read()) == [("UPDATED", session["id"], "MOVED") for session in sessions]
    await pass_time(stage, 2)
    assert await stream.read() == []


async def test_what_is_not_in_the_set_does_not_beat(stage: Stage) -> None:
    session = await stage.world.user("bob")
    stream = await stage.watch(heartbeats=True, user={"usernames": ["ann"]})
    await beat(stage, session)
    assert await stream.read() == []
    plain = await stage.watch()
    await beat(stage, session)
    assert await plain.read() == []


async def test_a_stream_that_just_began_hears_the_next_heartbeat(stage: Stage) -> None:
    session = await stage.world.user()
    early = await stage.watch(heartbeats=True)
    late = await stage.watch(heartbeats=True)
    await beat(stage, session)
    assert len(await early.read()) == len(await late.read()) == 1


async def test_a_stream_that_begins_while_a_change_waits_hears_heartbeats_too(stage: Stage) -> None:
    a, b = [await stage.world.user(name) for name in "ab"]
    early = await stage.watch(heartbeats=True, every=5000)
    for path in "xy":
        await stage.world.mutate("keepaliveSession", {"id": a["id"], "path": [path]})
        await early.read()
    late = await stage.watch(heartbeats=True, every=5000)
    await beat(stage, b)
    for stream in (early, late):
        assert said(await stream.read()) == [("UPDATED", b["id"], None)]
    await pass_time(stage, 5)
    assert said(await early.read()) == [("UPDATED", a["id"], "MOVED")]
    assert await late.read() == []


async def test_a_heartbeat_does_not_skip_a_change_that_waits(stage: Stage) -> None:
    a, b = [await stage.world.user(name) for name in "ab"]
    stream = await stage.watch(heartbeats=True, every=5000)
    await stage.world.mutate("keepaliveSession", {"id": a["id"], "path": ["x"]})
    await stream.read()
    await stage.world.mutate("keepaliveSession", {"id": b["id"], "path": ["x"]})
    await beat(stage, a)
    await stream.read()
    beats = [item for item in stream.told if getattr(item.payload, "activity", "") is None]
    again = await stage.watch(heartbeats=True, every=5000, after=beats[0].cursor)
    assert b["id"] in {item.payload.id for item in again.told}


def after_the_next_look(monkeypatch: pytest.MonkeyPatch, happen: Callable[[], Awaitable[None]]) -> None:
    """Have something happen when the log was read, and nobody told of it yet."""
    read = Database.read

    async def slow(self: Database, question: Any, *args: Any, **kwargs: Any) -> Any:
        found = await read(self, question, *args, **kwargs)
        if question is queries.news:
            monkeypatch.setattr(Database, "read", read)
            await happen()
        return found

    monkeypatch.setattr(Database, "read", slow)


async def test_a_heartbeat_that_comes_while_a_change_is_read_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await stage.world.user()
    stream = await stage.watch(heartbeats=True)
    await stage.world.mutate("hideSession", {"id": session["id"]})

    async def happen() -> None:
        await stage.world.mutate("keepaliveSession", {"id": session["id"], "visible": False})

    after_the_next_look(monkeypatch, happen)
    changes = await stream.read()
    assert [(change.activity, change.session.revision) for change in changes] == [("HIDDEN", 2), (None, 3)]


async def test_a_heartbeat_that_comes_while_its_session_is_added_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await stage.watch(heartbeats=True)
    session = await stage.world.user()

    async def happen() -> None:
        await beat(stage, session)

    after_the_next_look(monkeypatch, happen)
    changes = await stream.read()
    stage.feed.wake()
    changes += await stream.read()
    assert [(change.activity, change.session.revision) for change in changes] == [("STARTED", 1), (None, 2)]


async def test_what_others_do_is_not_kept(stage: Stage) -> None:
    stream = await stage.watch(heartbeats=True, user={"usernames": ["ann"]})
    for name in ("bob", "eve"):
        await beat(stage, await stage.world.user(name))
    await stream.read()
    (follower,) = stage.feed._followers
    assert isinstance(follower, LiveSet)
    assert (follower._beats, follower._heard, follower.due()) == (set(), set(), None)
