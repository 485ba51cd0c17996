"""Log reader: wake-ups, failures and dispatch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from models.database import Database
from models.errors import DatabaseDamaged, StorageUnavailable
from resolvers.feed import log_reader as log_reader_module
from resolvers.feed import queries
from resolvers.feed.consumer import LogBatch, LogConsumer
from resolvers.feed.log_reader import LogReader
from resolvers.feed.messages import FeedItem
from resolvers.subscriptions.active_sessions import active_sessions
from resolvers.subscriptions.activities import session_activities
from resolvers.subscriptions.source import Source
from tests.factories import activity_row, insert, session_row
from tests.feed_harness import FeedHarness
from tests.polling import TIMEOUT_SECONDS, wait_until


async def active_source(harness: FeedHarness, **options: Any) -> Source:
    arguments: dict[str, Any] = {"min_interval_ms": 0, "heartbeats": False} | options
    return active_sessions(await harness.context(), filter={}, after=None, **arguments)


async def activity_source(harness: FeedHarness) -> Source:
    return session_activities(await harness.context(), filter={}, types=None, after=None)


@asynccontextmanager
async def run_reader(harness: FeedHarness, source: Source) -> AsyncIterator[AsyncIterator[FeedItem]]:
    """Follow a source while the log reader runs by itself."""
    async with asyncio.timeout(TIMEOUT_SECONDS), harness.log_reader.running(), source.follow() as items:
        await wait_until(lambda: harness.timers.next is not None)
        yield items


async def test_commit_wakes_the_reader(harness: FeedHarness) -> None:
    async with run_reader(harness, await active_source(harness)) as items:
        session = await harness.api.start_user()
        assert (await anext(items)).payload.id == session["id"]
        await harness.api.mutate("hideSession", {"id": session["id"]})
        assert (await anext(items)).payload.activity == "HIDDEN"


async def test_entry_of_another_process_is_found_within_a_second(harness: FeedHarness) -> None:
    async with run_reader(harness, await activity_source(harness)) as items:
        s = session_row()
        await insert(harness.database, s, activity_row(s))
        await wait_until(lambda: harness.timers.next is not None)
        assert harness.timers.next == pytest.approx(1)
        harness.timers.advance(1)
        assert (await anext(items)).payload.session_id == s.id


async def test_flush_is_sent_when_due_and_heartbeat_at_once(harness: FeedHarness) -> None:
    session = await harness.api.start_user()
    async with run_reader(harness, await active_source(harness, min_interval_ms=500, heartbeats=True)) as items:
        await harness.api.mutate("keepaliveSession", {"id": session["id"]})
        assert (await anext(items)).payload.activity is None
        await harness.api.start_user("a")
        await anext(items)
        await harness.api.start_user("b")
        await wait_until(lambda: harness.timers.next == pytest.approx(0.5))
        harness.timers.advance(0.5)
        assert (await anext(items)).payload.session.subject == "b"


async def test_several_batches_are_dispatched_after_one_wake_up(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "BATCH_SIZE", 3)
    async with run_reader(harness, await activity_source(harness)) as items:
        s = session_row()
        await insert(harness.database, s, *(activity_row(s, "MOVED", data={"n": n}) for n in range(10)))
        harness.log_reader.wake()
        assert [(await anext(items)).payload.data["n"] for _ in range(10)] == list(range(10))


async def test_consumers_close_when_the_reader_stops(harness: FeedHarness) -> None:
    async with harness.log_reader.running():
        source = await active_source(harness)
        items = await harness._stack.enter_async_context(source.follow())
        waiting = asyncio.create_task(anext(items, None))
        session = await harness.api.start_user()
        item = await waiting
        assert item is not None
        assert item.payload.id == session["id"]
        waiting = asyncio.create_task(anext(items, None))
        await asyncio.sleep(0)
    assert await waiting is None
    async with source.follow() as items:
        assert [item async for item in items] == []


async def test_unreadable_log_is_read_later(harness: FeedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Database.read
    failures: list[Exception] = [StorageUnavailable("busy"), RuntimeError("surprise")]

    async def fail(self: Database, query: Any, *args: Any, **kwargs: Any) -> Any:
        if query is queries.next_batch and failures:
            raise failures.pop()
        return await read(self, query, *args, **kwargs)

    with capture_logs() as lines:
        async with run_reader(harness, await active_source(harness)) as items:
            await harness.log_reader.poll()
            monkeypatch.setattr(Database, "read", fail)
            session = await harness.api.start_user()
            while failures:
                await wait_until(lambda: harness.timers.next is not None)
                harness.timers.advance(1)
            await wait_until(lambda: harness.timers.next is not None)
            harness.timers.advance(1)
            assert (await anext(items)).payload.id == session["id"]
    levels = [(line["log_level"], line["event"]) for line in lines if "log poll" in line["event"]]
    assert levels == [("error", "log poll failed"), ("warning", "log poll postponed"), ("info", "log poll resumed")]


async def test_damaged_log_ends_all_streams(harness: FeedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise DatabaseDamaged("damaged")

    async with run_reader(harness, await active_source(harness)) as items:
        await harness.log_reader.poll()
        with monkeypatch.context() as patched:
            patched.setattr(Database, "read", fail)
            with pytest.raises(DatabaseDamaged):
                await harness.log_reader.poll()
        with pytest.raises(DatabaseDamaged):
            await anext(items)


class FailingConsumer(LogConsumer):
    async def seek(self) -> None:
        pass

    def produce(self, batch: LogBatch) -> None:
        if batch.entries:
            raise RuntimeError("broken")


async def test_failing_consumer_does_not_affect_others(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    with capture_logs() as lines:
        async with harness.log_reader.subscribed(FailingConsumer(harness.log_reader.wake)) as broken:
            await harness.api.start_user()
            assert len(await stream.read()) == 1
            with pytest.raises(RuntimeError, match="broken"):
                await anext(broken)
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["consumer failed"]


class TurnCountingConsumer(LogConsumer):
    """Records how often another task had run before it got a batch."""

    turns = 0

    async def seek(self) -> None:
        pass

    def produce(self, batch: LogBatch) -> None:
        if batch.entries:
            self.turns = TurnCountingConsumer.turns


async def test_dispatch_to_many_groups_yields_to_other_tasks(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_reader_module, "SLICE_SECONDS", -1)

    async def others() -> None:
        while True:
            await asyncio.sleep(0)
            TurnCountingConsumer.turns += 1

    groups = [TurnCountingConsumer(harness.log_reader.wake) for _ in range(5)]
    async with AsyncExitStack() as following_all:
        for group in groups:
            await following_all.enter_async_context(harness.log_reader.subscribed(group))
        await harness.api.start_user()
        task = asyncio.create_task(others())
        await harness.log_reader.poll()
        task.cancel()
    assert len({group.turns for group in groups}) == 5


async def test_batches_during_seek_are_not_lost(harness: FeedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    other = await harness.subscribe(kinds=["USER"])
    read = LogReader.read

    async def slow(self: LogReader, query: Any, *args: Any, **kwargs: Any) -> Any:
        found = await read(self, query, *args, **kwargs)
        if query is queries.members:
            await harness.api.start_user("late")
            await harness.log_reader.poll()
        return found

    monkeypatch.setattr(LogReader, "read", slow)
    source = await active_source(harness)
    async with source.follow() as items:
        await harness.log_reader.poll()
        assert (await anext(items)).payload.session.subject == "late"
    assert len(await other.read()) == 1


async def test_cancelled_iteration_loses_nothing(harness: FeedHarness) -> None:
    async with (await active_source(harness)).follow() as items:
        waiting = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        session = await harness.api.start_user()
        await harness.log_reader.poll()
        assert (await anext(items)).payload.id == session["id"]


def has_read_through(feed: LogReader, position: int) -> bool:
    return feed.position is not None and feed.position >= position


async def test_changes_wait_until_buffered_items_are_taken(harness: FeedHarness) -> None:
    async with run_reader(harness, await active_source(harness)) as items:
        (consumer,) = harness.log_reader._consumers
        for position, name in enumerate("abc", start=1):
            await harness.api.start_user(name)
            await wait_until(partial(has_read_through, harness.log_reader, position))
        assert consumer.queued == 1
        assert [(await anext(items)).payload.session.subject for _ in range(3)] == ["a", "b", "c"]
