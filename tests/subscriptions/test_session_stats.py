"""Subscription `sessionStats`: when statistics are refreshed."""

import asyncio

import pytest

from models.enums import Scope
from resolvers.access import Caller
from resolvers.errors import BadUserInput, Forbidden
from resolvers.subscriptions.stats import session_stats
from tests.feed_harness import FeedHarness, Stream
from tests.queries.operation_context import WRITER
from tests.statements import capture_statements
from tests.subscriptions.test_min_interval import advance_time


async def subscribe_stats(harness: FeedHarness, every: int = 1000, caller: Caller | None = None) -> Stream:
    context = await (harness.context() if caller is None else harness.context(caller))
    return await harness.open_stream(session_stats(context, filter={}, interval_ms=every))


async def totals(stream: Stream) -> list[int]:
    """Return the totals of the next items."""
    return [await stats.total() for stats in await stream.read()]


async def test_stream_starts_with_current_statistics(harness: FeedHarness) -> None:
    await harness.api.start_user()
    stream = await subscribe_stats(harness)
    assert [await item.payload.total() for item in stream.received] == [1]
    assert stream.source.distinct
    assert stream.cursors == []


async def test_statistics_refresh_at_most_once_per_interval(harness: FeedHarness) -> None:
    stream = await subscribe_stats(harness, 2000)
    await harness.api.start_user()
    await harness.api.start_user()
    assert await totals(stream) == []
    await advance_time(harness, 1.999)
    assert await totals(stream) == []
    await advance_time(harness, 0.001)
    assert await totals(stream) == [2]
    await advance_time(harness, 2)
    assert await totals(stream) == []
    await harness.api.start_user()
    assert await totals(stream) == [3]


async def test_statistics_refresh_every_ten_seconds(harness: FeedHarness) -> None:
    stream = await subscribe_stats(harness)
    await advance_time(harness, 9.999)
    assert await totals(stream) == []
    await advance_time(harness, 0.001)
    assert await totals(stream) == [0]
    (consumer,) = harness.log_reader._consumers
    assert consumer.next_due() == harness.timers.now + 10
    slow = await subscribe_stats(harness, 60_000)
    await advance_time(harness, 59)
    assert await totals(slow) == []
    await advance_time(harness, 1)
    assert await totals(slow) == [0]


async def test_streams_that_start_together_share_statistics(harness: FeedHarness) -> None:
    streams = [await subscribe_stats(harness) for _ in range(20)]
    statistics = [item.payload for stream in streams for item in stream.received]
    with capture_statements(harness.database) as sent:
        calls = [stats.seen_within(minutes) for stats in statistics for minutes in (1, 5)]
        assert set(await asyncio.gather(*calls, *(stats.total() for stats in statistics))) == {0}
    assert len(sent) == 3


async def test_stream_that_joins_in_an_interval_gets_the_cached_statistics(harness: FeedHarness) -> None:
    early = await subscribe_stats(harness, 5000)
    await harness.api.start_user()
    await advance_time(harness, 5)
    assert await totals(early) == [1]
    await harness.api.start_user()
    late = await subscribe_stats(harness, 5000)
    assert [item.payload for item in late.received] == [early.received[-1].payload]
    await advance_time(harness, 4.999)
    assert await totals(late) == []
    last = await subscribe_stats(harness, 5000)
    assert await last.received[0].payload.total() == 1
    await advance_time(harness, 0.001)
    assert await totals(early) == await totals(late) == await totals(last) == [2]


async def test_new_stream_does_not_get_stale_statistics(harness: FeedHarness) -> None:
    streams = [await subscribe_stats(harness), await subscribe_stats(harness, 60_000)]
    await harness.api.start_user()
    await advance_time(harness, 0.9)
    streams.append(await subscribe_stats(harness))
    await advance_time(harness, 0.1)
    streams += [await subscribe_stats(harness), await subscribe_stats(harness, 60_000)]
    await advance_time(harness, 9)
    streams.append(await subscribe_stats(harness, 60_000))
    # The cached ones have been computed by now.
    assert [await stream.received[0].payload.total() for stream in streams] == [1] * 6
    assert len({id(stream.received[0].payload) for stream in streams}) == 3


async def test_first_stream_after_a_pause_gets_new_statistics(harness: FeedHarness) -> None:
    await subscribe_stats(harness, 60_000)
    await harness.close_streams()
    await harness.api.start_user()
    later = await subscribe_stats(harness, 60_000)
    assert await later.received[0].payload.total() == 1


async def test_statistics_are_dropped_with_their_last_stream(harness: FeedHarness) -> None:
    await subscribe_stats(harness)
    assert len(harness.log_reader.shared) > 0
    await harness.close_streams()
    assert len(harness.log_reader.shared) == 0


async def test_groups_with_one_filter_compute_each_statistic_once(harness: FeedHarness) -> None:
    # Groups differ in what they select, or in the interval.
    sources = [session_stats(await harness.context(), filter={}, interval_ms=every) for every in (1000, 1000, 2000)]
    groups = [await harness.follow_alone(source) for source in sources]
    for starting in (0, 0.7, 0):
        await advance_time(harness, starting)
        await harness.api.start_user()
    await advance_time(harness, 2)
    items = [await group.read() for group in groups]
    newest = [found[-1] for found in items]
    assert newest[0] is newest[1] is newest[2]
    with capture_statements(harness.database) as sent:
        totals = await asyncio.gather(*(stats.total() for stats in newest), newest[1].active())
    assert (totals, len(sent)) == ([3, 3, 3, 3], 2)


async def test_groups_of_one_interval_refresh_at_the_same_moments(harness: FeedHarness) -> None:
    early = await harness.follow_alone(session_stats(await harness.context(), filter={}, interval_ms=1000))
    await advance_time(harness, 0.5)
    late = await harness.follow_alone(session_stats(await harness.context(), filter={}, interval_ms=1000))
    for _ in range(8):
        await harness.api.start_user()
        await advance_time(harness, 0.25)
        await harness.run_until_idle()
    first, second = await early.read(), await late.read()
    assert len(first) == 2
    assert all(one is other for one, other in zip(first, second, strict=True))


async def test_entries_of_inaccessible_projects_cause_no_refresh(harness: FeedHarness) -> None:
    stream = await subscribe_stats(harness, caller=Caller("t", "t", frozenset({Scope.READ}), frozenset({"other"})))
    await harness.api.start_user()
    await advance_time(harness, 1)
    assert await totals(stream) == []


async def test_statistics_are_as_of_their_refresh(harness: FeedHarness) -> None:
    await harness.api.start_user()
    stream = await subscribe_stats(harness)
    await advance_time(harness, 10)
    (stats,) = await stream.read()
    assert (await stats.elapsed_seconds()).sum == 10


async def test_recent_series_moves_along_without_changes(harness: FeedHarness) -> None:
    stream = await subscribe_stats(harness)
    (first,) = [await item.payload.recent_series(2, 10) for item in stream.received]
    await advance_time(harness, 10)
    (then,) = [await stats.recent_series(2, 10) for stats in await stream.read()]
    now = (await harness.context()).now
    assert now - 10_000 < then[-1].at <= now
    assert [bucket.at for bucket in then] == [first[1].at, first[1].at + 10_000]


async def test_statistics_need_read_scope_and_an_interval_in_bounds(harness: FeedHarness) -> None:
    with pytest.raises(Forbidden):
        session_stats(await harness.context(WRITER), filter={"ids": ["s"]}, interval_ms=1000)
    for every in (0, 999, 3_600_001):
        with pytest.raises(BadUserInput, match="intervalMs"):
            await subscribe_stats(harness, every)
