"""Heartbeats: keepalives that change nothing else."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.database import Database
from resolvers.feed import queries
from resolvers.subscriptions.live_query import LiveQuery
from tests.feed_harness import FeedHarness
from tests.subscriptions.test_min_interval import advance_time
from tests.subscriptions.test_set_changes import summarize


async def keepalive(harness: FeedHarness, *sessions: dict[str, str]) -> None:
    for session in sessions:
        await harness.api.mutate("keepaliveSession", {"id": session["id"]})


async def test_heartbeat_is_an_update_with_the_last_cursor(harness: FeedHarness) -> None:
    session = await harness.api.start_user()
    stream = await harness.subscribe(heartbeats=True)
    await advance_time(harness, 5)
    await keepalive(harness, session)
    (change,) = await stream.read()
    assert summarize([change]) == [("UPDATED", session["id"], None)]
    assert change.at == change.session.last_seen_at == harness.api.clock.value
    assert (await harness.subscribe(heartbeats=True, after=stream.cursors[-1])).received == []


@pytest.mark.parametrize(("every", "seconds"), [(0, 1), (5000, 5)])
async def test_session_has_at_most_one_heartbeat_per_interval(harness: FeedHarness, every: int, seconds: int) -> None:
    a, b = [await harness.api.start_user(name) for name in "ab"]
    stream = await harness.subscribe(heartbeats=True, every=every)
    await keepalive(harness, a)
    assert len(await stream.read()) == 1
    await keepalive(harness, a, b, a)
    await advance_time(harness, seconds - 0.001)
    assert await stream.read() == []
    await advance_time(harness, 0.001)
    assert {change.id for change in await stream.read()} == {a["id"], b["id"]}
    await advance_time(harness, seconds)
    assert await stream.read() == []


async def test_changed_session_has_no_heartbeat(harness: FeedHarness) -> None:
    session = await harness.api.start_user()
    stream = await harness.subscribe(heartbeats=True)
    await keepalive(harness, session)
    await harness.api.mutate("hideSession", {"id": session["id"]})
    assert summarize(await stream.read()) == [("UPDATED", session["id"], "HIDDEN")]
    await advance_time(harness, 2)
    assert await stream.read() == []


async def test_changed_session_of_a_full_batch_has_no_heartbeat(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "BATCH_SIZE", 2)
    sessions = [await harness.api.start_user(name) for name in "ab"]
    stream = await harness.subscribe(heartbeats=True)
    for session in sessions:
        await harness.api.mutate("keepaliveSession", {"id": session["id"], "path": ["x"]})
    assert summarize(await stream.read()) == [("UPDATED", session["id"], "MOVED") for session in sessions]
    await advance_time(harness, 2)
    assert await stream.read() == []


async def test_session_outside_the_set_has_no_heartbeat(harness: FeedHarness) -> None:
    session = await harness.api.start_user("bob")
    stream = await harness.subscribe(heartbeats=True, user={"usernames": ["ann"]})
    await keepalive(harness, session)
    assert await stream.read() == []
    plain = await harness.subscribe()
    await keepalive(harness, session)
    assert await plain.read() == []


async def test_stream_that_joins_before_a_flush_gets_heartbeats(harness: FeedHarness) -> None:
    a, b = [await harness.api.start_user(name) for name in "ab"]
    early = await harness.subscribe(heartbeats=True, every=5000)
    for path in "xy":
        await harness.api.mutate("keepaliveSession", {"id": a["id"], "path": [path]})
        await early.read()
    late = await harness.subscribe(heartbeats=True, every=5000)
    await keepalive(harness, b)
    for stream in (early, late):
        assert summarize(await stream.read()) == [("UPDATED", b["id"], None)]
    await advance_time(harness, 5)
    assert summarize(await early.read()) == [("UPDATED", a["id"], "MOVED")]
    assert await late.read() == []


async def test_heartbeat_cursor_does_not_skip_pending_changes(harness: FeedHarness) -> None:
    a, b = [await harness.api.start_user(name) for name in "ab"]
    stream = await harness.subscribe(heartbeats=True, every=5000)
    await harness.api.mutate("keepaliveSession", {"id": a["id"], "path": ["x"]})
    await stream.read()
    await harness.api.mutate("keepaliveSession", {"id": b["id"], "path": ["x"]})
    await keepalive(harness, a)
    await stream.read()
    heartbeats = [item for item in stream.received if getattr(item.payload, "activity", "") is None]
    again = await harness.subscribe(heartbeats=True, every=5000, after=heartbeats[0].cursor)
    assert b["id"] in {item.payload.id for item in again.received}


def run_after_next_read(monkeypatch: pytest.MonkeyPatch, action: Callable[[], Awaitable[None]]) -> None:
    """Run an action after the next read of the log, before its dispatch."""
    read = Database.read

    async def slow(self: Database, query: Any, *args: Any, **kwargs: Any) -> Any:
        found = await read(self, query, *args, **kwargs)
        if query is queries.next_batch:
            monkeypatch.setattr(Database, "read", read)
            await action()
        return found

    monkeypatch.setattr(Database, "read", slow)


@pytest.mark.parametrize("is_new", [True, False])
async def test_heartbeat_during_the_read_of_a_change_is_sent(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    session = {} if is_new else await harness.api.start_user()
    stream = await harness.subscribe(heartbeats=True)
    if is_new:
        session = await harness.api.start_user()
    else:
        await harness.api.mutate("hideSession", {"id": session["id"]})

    async def beat() -> None:
        await harness.api.mutate("keepaliveSession", {"id": session["id"], "visible": is_new})

    run_after_next_read(monkeypatch, beat)
    changes = await stream.read()
    harness.log_reader.wake()
    changes += await stream.read()
    expected = [("STARTED", 1), (None, 2)] if is_new else [("HIDDEN", 2), (None, 3)]
    assert [(change.activity, change.session.revision) for change in changes] == expected


async def test_heartbeats_outside_the_set_are_not_kept(harness: FeedHarness) -> None:
    stream = await harness.subscribe(heartbeats=True, user={"usernames": ["ann"]})
    for name in ("bob", "eve"):
        await keepalive(harness, await harness.api.start_user(name))
    await stream.read()
    (consumer,) = harness.log_reader._consumers
    assert isinstance(consumer, LiveQuery)
    assert (consumer._heartbeats._waiting, consumer._heartbeats._reported, consumer.next_due()) == (set(), set(), None)
