"""What following costs: looks at the database, and what is kept."""

from typing import Any

import pytest

from resolvers.subscriptions import live_query
from resolvers.subscriptions.activities import session_activities
from tests.feed_harness import FeedHarness
from tests.queries.operation_context import capture_statements


async def test_one_look_a_wake_up_however_many_follow(stage: FeedHarness) -> None:
    given: list[dict[str, Any]] = [{"user": {"usernames": [f"u{number}"]}} for number in range(20)]
    streams = [await stage.subscribe(**names) for names in given] + [await stage.subscribe() for _ in range(20)]
    context = await stage.context()
    sources = [session_activities(context, filter={}, types=types, after=None) for types in (None, ["STARTED"])]
    streams += [await stage.open_stream(source) for source in sources]
    await stage.run_until_idle()
    await stage.world.start_user("u1")
    with capture_statements(stage.database) as sent:
        await stage.feed.poll()
    # The entries, and their sessions.
    assert len(sent) == 2
    assert sum([len(await stream.read()) for stream in streams]) == 1 + 20 + 2


async def test_nobody_follows_so_nothing_is_read(stage: FeedHarness) -> None:
    await stage.world.start_user()
    with capture_statements(stage.database) as sent:
        await stage.feed.poll()
    assert sent == []
    async with session_activities(await stage.context(), filter={}, types=None, after=None).follow():
        await stage.feed.poll()
    with capture_statements(stage.database) as sent:
        await stage.feed.poll()
    assert sent == []


async def test_a_stream_begins_with_a_few_statements_whatever_it_finds(stage: FeedHarness) -> None:
    first = await stage.subscribe()
    cursor = first.cursors[-1]
    for _ in range(30):
        await stage.world.start_user()
    with capture_statements(stage.database) as sent:
        await stage.subscribe()
    # Whether time has written everything down; the sessions; the end of the log.
    assert len(sent) == 3
    with capture_statements(stage.database) as sent:
        stream = await stage.subscribe(after=cursor)
    # Whether time has written everything down; the end of the log; what was missed.
    assert (len(sent), len(stream.received)) == (3, 30)


async def test_a_keepalive_wakes_only_for_those_who_want_heartbeats(stage: FeedHarness) -> None:
    session = await stage.world.start_user()
    await stage.subscribe()
    await stage.run_until_idle()
    await stage.world.mutate("keepaliveSession", {"id": session["id"]})
    assert not stage.feed._wake_requested.is_set()
    await stage.subscribe(heartbeats=True)
    await stage.run_until_idle()
    await stage.world.mutate("keepaliveSession", {"id": session["id"]})
    assert stage.feed._wake_requested.is_set()


async def test_a_group_whose_items_are_not_taken_keeps_ids_alone(
    stage: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_query, "FLUSH_SIZE", 3)
    sessions = [await stage.world.start_user() for _ in range(7)]
    source = (await stage.subscribe()).source
    await stage.close_streams()
    async with source.follow() as told:
        await stage.feed.poll()
        for path in "abc":
            for session in sessions:
                await stage.world.mutate("keepaliveSession", {"id": session["id"], "path": [path]})
                await stage.feed.poll()
        (follower,) = stage.feed._consumers
        assert follower.queued == 1
        changes = [(await anext(told)).payload]
        while len(changes) < 8:
            if not follower.queued:
                await follower.on_drained()
                await stage.feed.poll()
            assert follower.queued <= 3
            changes.append((await anext(told)).payload)
    assert [change.session.path for change in changes] == [["a"]] + [["c"]] * 7
    assert [change.id for change in changes[1:]] == [session["id"] for session in sessions]


async def test_no_read_transaction_stays_open(stage: FeedHarness) -> None:
    source = (await stage.subscribe()).source
    for _ in range(3):
        await stage.world.start_user()
    beginnings = [source.open(None) for _ in range(8)]
    for beginning in beginnings:
        await anext(beginning)
    pool = stage.database._reader._engine.sync_engine.pool
    assert pool.checkedout() == 0
    assert len(await stage.world.execute("{ sessions { nodes { id } } }")) > 0
