"""`minIntervalMs`: changes within an interval are coalesced, one item a session."""

import pytest

from models.clock import HOUR
from resolvers.subscriptions import live_query
from tests.feed_harness import FeedHarness, fold
from tests.subscriptions.test_set_changes import summarize


async def advance_time(harness: FeedHarness, seconds: float) -> None:
    """Advance clock and timers."""
    await harness.api.advance(seconds)
    harness.timers.advance(seconds)


async def test_first_change_is_sent_at_once_later_ones_per_interval(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=5000)
    a = await harness.api.start_user("a")
    assert summarize(await stream.read()) == [("ADDED", a["id"], "STARTED")]
    b = await harness.api.start_user("b")
    await harness.api.mutate("keepaliveSession", {"id": a["id"], "path": ["x"]})
    await harness.api.mutate("keepaliveSession", {"id": a["id"], "path": ["y"]})
    await harness.api.mutate("hideSession", {"id": b["id"]})
    await advance_time(harness, 4.999)
    assert await stream.read() == []
    await advance_time(harness, 0.001)
    changes = await stream.read()
    assert summarize(changes) == [("UPDATED", a["id"], "MOVED"), ("ADDED", b["id"], "HIDDEN")]
    assert changes[0].session.path == ["y"]
    await harness.api.mutate("stopSession", {"id": b["id"]})
    assert await stream.read() == []
    await advance_time(harness, 5)
    assert summarize(await stream.read()) == [("REMOVED", b["id"], "STOPPED")]


async def test_change_after_a_quiet_interval_is_sent_at_once(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=5000)
    await harness.api.start_user()
    assert len(await stream.read()) == 1
    await advance_time(harness, 5)
    assert await stream.read() == []
    await harness.api.start_user()
    assert len(await stream.read()) == 1


async def test_change_outside_the_set_does_not_start_an_interval(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=5000, user={"usernames": ["ann"]})
    await harness.api.start_user("bob")
    assert await stream.read() == []
    await harness.api.start_user("ann")
    assert len(await stream.read()) == 1


async def test_session_added_and_removed_in_an_interval_is_not_sent(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=5000)
    await harness.api.start_user()
    await stream.read()
    session = await harness.api.start_user()
    await stream.read()
    await harness.api.mutate("stopSession", {"id": session["id"]})
    await advance_time(harness, 5)
    assert await stream.read() == []


async def test_session_removed_and_added_in_an_interval_is_updated(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=5000, visible=True)
    session = await harness.api.start_user()
    await stream.read()
    await harness.api.mutate("hideSession", {"id": session["id"]})
    await stream.read()
    await harness.api.mutate("keepaliveSession", {"id": session["id"], "visible": True})
    await advance_time(harness, 5)
    assert summarize(await stream.read()) == [("UPDATED", session["id"], "SHOWN")]


async def test_stream_that_joins_in_an_interval_gets_removals_at_its_end(harness: FeedHarness) -> None:
    await (await harness.subscribe(every=5000)).read()
    await harness.api.start_user()
    early = await harness.subscribe(every=5000)
    await early.read()
    session = await harness.api.start_user()
    late = await harness.subscribe(every=5000)
    assert session["id"] in fold(late.received)
    await late.read()
    await harness.api.mutate("stopSession", {"id": session["id"]})
    await late.read()
    await advance_time(harness, 5)
    assert summarize(await late.read()) == [("REMOVED", session["id"], "STOPPED")]


async def test_only_the_last_item_of_a_flush_has_a_new_cursor(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=5000)
    await harness.api.start_user("first")
    await stream.read()
    before = stream.cursors[-1]
    ids = [(await harness.api.start_user(name))["id"] for name in "abc"]
    await stream.read()
    await advance_time(harness, 5)
    await stream.read()
    assert stream.cursors[-3:-1] == [before, before]
    for cursor, missing in ((before, ids), (stream.cursors[-1], [])):
        again = await harness.subscribe(every=5000, after=cursor)
        assert [item.payload.id for item in again.received] == missing


async def test_flush_contains_sessions_as_they_are_then(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=60_000)
    session = await harness.api.start_user(timeoutSeconds=30)
    await stream.read()
    await harness.api.mutate("keepaliveSession", {"id": session["id"], "path": ["x"]})
    await stream.read()
    for _ in range(3):
        await advance_time(harness, 20)
        await harness.api.mutate("keepaliveSession", {"id": session["id"]})
    (change,) = await stream.read()
    assert change.session.expires_at == harness.api.clock.value + 30_000
    assert change.session.revision == 5


async def test_expiry_in_an_interval_is_sent_with_its_own_entry(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=60_000)
    session = await harness.api.start_user(timeoutSeconds=30)
    await stream.read()
    await harness.api.mutate("keepaliveSession", {"id": session["id"], "path": ["x"]})
    await stream.read()
    await advance_time(harness, 60)
    # The sweeper has not run; ends are written before they are sent.
    assert summarize(await stream.read()) == [("REMOVED", session["id"], "EXPIRED")]
    assert await harness.api.activity_types(session["id"]) == ["STARTED", "MOVED", "EXPIRED"]


async def test_flush_of_several_parts_is_complete(harness: FeedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_query, "FLUSH_SIZE", 3)
    stream = await harness.subscribe(every=1000)
    await harness.api.start_user("first")
    await stream.read()
    ids = [(await harness.api.start_user())["id"] for _ in range(8)]
    assert await stream.read() == []
    await advance_time(harness, 1)
    assert [change.id for change in await stream.read()] == ids
    await harness.api.start_user("last")
    assert await stream.read() == []


async def test_reader_polls_when_a_flush_is_due(harness: FeedHarness) -> None:
    stream = await harness.subscribe(every=HOUR // 60)
    await harness.api.start_user()
    await stream.read()
    await harness.api.start_user()
    await stream.read()
    (consumer,) = harness.log_reader._consumers
    assert consumer.next_due() == harness.timers.now + 60
    await advance_time(harness, 60)
    assert len(await stream.read()) == 1
    assert consumer.next_due() is None
