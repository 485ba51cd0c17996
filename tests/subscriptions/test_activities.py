"""Subscription `sessionActivities`."""

from pathlib import Path
from typing import Any

import pytest

from models.clock import DAY
from models.tables.rows import Activity
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.activities.service import activity_cursor
from resolvers.feed import queries
from resolvers.feed.messages import Resync
from resolvers.subscriptions import activities as module
from resolvers.subscriptions.activities import session_activities
from tests.api_client import EPOCH
from tests.factories import activity_row, insert, session_row
from tests.feed_harness import FeedHarness, Stream, open_harness


async def subscribe_activities(
    harness: FeedHarness,
    caller: Caller = LOCAL_ADMIN,
    *,
    types: list[str] | None = None,
    after: str | None = None,
    **filter_input: Any,
) -> Stream:
    context = await harness.context(caller)
    return await harness.open_stream(session_activities(context, filter=filter_input, types=types, after=after))


def types_of(entries: list[Any]) -> list[str]:
    assert all(isinstance(entry, Activity) for entry in entries)
    return [entry.type for entry in entries]


async def test_stream_starts_with_the_next_entry(harness: FeedHarness) -> None:
    session = await harness.api.start_user()
    stream = await subscribe_activities(harness)
    assert stream.received == []
    await harness.api.mutate("hideSession", {"id": session["id"]})
    await harness.api.mutate("keepaliveSession", {"id": session["id"], "path": ["x"], "visible": True})
    assert types_of(await stream.read()) == ["HIDDEN", "SHOWN", "MOVED"]
    await harness.api.mutate("stopSession", {"id": session["id"]})
    assert types_of(await stream.read()) == ["STOPPED"]
    assert await stream.read() == []


async def test_stream_resumes_from_every_activity_cursor(harness: FeedHarness) -> None:
    early = await subscribe_activities(harness)
    session = await harness.api.start_user()
    for path in "abc":
        await harness.api.mutate("keepaliveSession", {"id": session["id"], "path": [path]})
    entries = await early.read()
    assert types_of(entries) == ["STARTED", "MOVED", "MOVED", "MOVED"]
    context = await harness.context()
    for index, entry in enumerate(entries):
        cursor = activity_cursor(context, entry)
        assert cursor == early.received[index].cursor
        late = await subscribe_activities(harness, after=cursor)
        assert [item.payload.id for item in late.received] == [entry.id for entry in entries[index + 1 :]]
        assert types_of(await late.read()) == []
    await harness.api.mutate("hideSession", {"id": session["id"]})
    assert types_of(await late.read()) == ["HIDDEN"]


async def test_cursor_of_active_sessions_resumes_activities(harness: FeedHarness) -> None:
    cursor = (await harness.subscribe()).cursors[-1]
    await harness.api.start_user()
    stream = await subscribe_activities(harness, after=cursor)
    assert types_of([item.payload for item in stream.received]) == ["STARTED"]


async def test_entries_match_types_and_current_session(harness: FeedHarness) -> None:
    hidden = await subscribe_activities(harness, types=["HIDDEN", "STOPPED"], visible=False)
    nothing = await subscribe_activities(harness, types=[])
    ended = await subscribe_activities(harness, end_reasons=["STOPPED"])
    session = await harness.api.start_user()
    assert await hidden.read() == []
    await harness.api.mutate("hideSession", {"id": session["id"]})
    assert types_of(await hidden.read()) == ["HIDDEN"]
    assert await ended.read() == []
    await harness.api.mutate("stopSession", {"id": session["id"]})
    assert types_of(await hidden.read()) == types_of(await ended.read()) == ["STOPPED"]
    assert await nothing.read() == []


async def test_deleted_session_matches_filters_of_log_columns(harness: FeedHarness) -> None:
    filters: list[dict[str, Any]] = [{}, {"kinds": ["USER"]}, {"user": {}}, {"kinds": ["CLIENT"]}]
    everything, users, names, others = [await subscribe_activities(harness, **filter_) for filter_ in filters]
    session = await harness.api.start_user()
    for stream in (everything, users, names, others):
        await stream.read()
    cursor = everything.cursors[-1]
    await harness.api.delete(session["id"])
    assert types_of(await everything.read()) == types_of(await users.read()) == ["DELETED"]
    assert await names.read() == await others.read() == []
    late = await subscribe_activities(harness, after=cursor)
    assert types_of([item.payload for item in late.received]) == ["DELETED"]
    assert (await subscribe_activities(harness, user={}, after=cursor)).received == []


async def test_resume_reads_several_pages(harness: FeedHarness) -> None:
    first = session_row(started_at=EPOCH - 1)
    await insert(harness.database, first, activity_row(first))
    start = (await harness.subscribe()).cursors[-1]
    await insert(harness.database, *(activity_row(first, "MOVED", data={"n": n}) for n in range(1001)))
    stream = await subscribe_activities(harness, after=start)
    assert [item.payload.data["n"] for item in stream.received] == list(range(1001))
    assert await stream.read() == []


async def test_lagging_consumer_reads_the_log_again(harness: FeedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PENDING", 3)
    monkeypatch.setattr(queries, "PAGE_SIZE", 4)
    session = await harness.api.start_user()
    async with session_activities(await harness.context(), filter={}, types=None, after=None).follow() as items:
        for number in range(20):
            await harness.api.mutate("keepaliveSession", {"id": session["id"], "path": [str(number)]})
            await harness.log_reader.poll()
        (consumer,) = harness.log_reader._consumers
        assert consumer.queued == 3
        paths = [(await anext(items)).payload.data["to"] for _ in range(20)]
        await harness.api.mutate("stopSession", {"id": session["id"]})
        await harness.log_reader.poll()
        assert (await anext(items)).payload.type == "STOPPED"
        assert consumer.queued == 0
    assert paths == [[str(number)] for number in range(20)]


async def test_cursor_too_old_or_of_another_database_resyncs(harness: FeedHarness, tmp_path: Path) -> None:
    async with open_harness(tmp_path / "other.db") as other:
        await other.api.start_user()
        elsewhere = (await other.subscribe()).cursors[-1]
    early = await subscribe_activities(harness)
    await harness.api.start_user()
    await early.read()
    (old,) = early.cursors
    await harness.api.advance(8 * DAY / 1000)
    await harness.api.sweep()
    for cursor, reason in ((old, "more than 7 days old"), (elsewhere, "another database")):
        stream = await subscribe_activities(harness, after=cursor)
        (resync,) = [item.payload for item in stream.received]
        assert isinstance(resync, Resync)
        assert reason in resync.reason
        assert (await subscribe_activities(harness, after=resync.cursor)).received == []
        session = await harness.api.start_user()
        (entry,) = await stream.read()
        assert entry.session_id == session["id"]


async def test_entry_with_an_old_time_is_a_recent_position(harness: FeedHarness) -> None:
    early = await subscribe_activities(harness)
    await harness.api.start_user()
    past = {"guide": 1, "name": "Past", "startTime": "2016-05-27T10:00:00Z", "endTime": "2016-05-27T11:00:00Z"}
    await harness.api.start_session("agenda", past)
    await early.read()
    await harness.api.start_user()
    stream = await subscribe_activities(harness, after=early.cursors[-1])
    assert types_of([item.payload for item in stream.received]) == ["STARTED"]
