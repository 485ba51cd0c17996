"""Costs of consumers: statements, wake-ups and memory."""

from typing import Any

import pytest

from resolvers.subscriptions import live_query
from resolvers.subscriptions.activities import session_activities
from tests.feed_harness import FeedHarness
from tests.statements import capture_statements


async def test_one_poll_reads_once_for_all_consumers(harness: FeedHarness) -> None:
    filters: list[dict[str, Any]] = [{"user": {"usernames": [f"u{number}"]}} for number in range(20)]
    streams = [await harness.subscribe(**names) for names in filters] + [await harness.subscribe() for _ in range(20)]
    context = await harness.context()
    sources = [session_activities(context, filter={}, types=types, after=None) for types in (None, ["STARTED"])]
    streams += [await harness.open_stream(source) for source in sources]
    await harness.run_until_idle()
    await harness.api.start_user("u1")
    with capture_statements(harness.database) as sent:
        await harness.log_reader.poll()
    # The entries, and their sessions.
    assert len(sent) == 2
    assert sum([len(await stream.read()) for stream in streams]) == 1 + 20 + 2


async def test_nothing_is_read_without_consumers(harness: FeedHarness) -> None:
    await harness.api.start_user()
    with capture_statements(harness.database) as sent:
        await harness.log_reader.poll()
    assert sent == []
    async with session_activities(await harness.context(), filter={}, types=None, after=None).follow():
        await harness.log_reader.poll()
    with capture_statements(harness.database) as sent:
        await harness.log_reader.poll()
    assert sent == []


async def test_catch_up_takes_three_statements(harness: FeedHarness) -> None:
    first = await harness.subscribe()
    cursor = first.cursors[-1]
    for _ in range(30):
        await harness.api.start_user()
    with capture_statements(harness.database) as sent:
        await harness.subscribe()
    # Whether time has written everything down; the sessions; the end of the log.
    assert len(sent) == 3
    with capture_statements(harness.database) as sent:
        stream = await harness.subscribe(after=cursor)
    # Whether time has written everything down; the end of the log; what was missed.
    assert (len(sent), len(stream.received)) == (3, 30)


async def test_keepalive_wakes_the_reader_only_for_heartbeats(harness: FeedHarness) -> None:
    session = await harness.api.start_user()
    await harness.subscribe()
    await harness.run_until_idle()
    await harness.api.mutate("keepaliveSession", {"id": session["id"]})
    assert not harness.log_reader._wake_requested.is_set()
    await harness.subscribe(heartbeats=True)
    await harness.run_until_idle()
    await harness.api.mutate("keepaliveSession", {"id": session["id"]})
    assert harness.log_reader._wake_requested.is_set()


async def test_consumer_with_untaken_items_keeps_only_ids(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_query, "FLUSH_SIZE", 3)
    sessions = [await harness.api.start_user() for _ in range(7)]
    source = (await harness.subscribe()).source
    await harness.close_streams()
    async with source.follow() as items:
        await harness.log_reader.poll()
        for path in "abc":
            for session in sessions:
                await harness.api.mutate("keepaliveSession", {"id": session["id"], "path": [path]})
                await harness.log_reader.poll()
        (consumer,) = harness.log_reader._consumers
        assert consumer.queued == 1
        changes = [(await anext(items)).payload]
        while len(changes) < 8:
            if not consumer.queued:
                await consumer.on_drained()
                await harness.log_reader.poll()
            assert consumer.queued <= 3
            changes.append((await anext(items)).payload)
    assert [change.session.path for change in changes] == [["a"]] + [["c"]] * 7
    assert [change.id for change in changes[1:]] == [session["id"] for session in sessions]


async def test_open_snapshots_hold_no_connection(harness: FeedHarness) -> None:
    source = (await harness.subscribe()).source
    for _ in range(3):
        await harness.api.start_user()
    beginnings = [source.open(None) for _ in range(8)]
    for beginning in beginnings:
        await anext(beginning)
    assert harness.database._reader._running == []
    assert len(await harness.api.execute("{ sessions { nodes { id } } }")) > 0
