"""Snapshots of `activeSessions`."""

from typing import Any

import pytest

from models.enums import Kind
from resolvers.errors import BadUserInput
from resolvers.feed import queries
from resolvers.feed.messages import CaughtUp, FeedItem, Resync, Snapshot
from resolvers.subscriptions.active_sessions import active_sessions
from tests.api_client import EPOCH
from tests.factories import ended_row, insert, session_row
from tests.feed_harness import FeedHarness, fold
from tests.polling import wait_until
from tests.statements import capture_statements
from tests.subscriptions.test_set_changes import summarize


def snapshot_parts(received: list[FeedItem]) -> list[Snapshot]:
    found = [item.payload for item in received]
    assert all(isinstance(part, Snapshot) for part in found)
    return found


async def insert_sessions(harness: FeedHarness, count: int, **changes: Any) -> list[str]:
    """Insert sessions, and return their ids, the newest first."""
    rows = [session_row(Kind.FIELD, started_at=EPOCH - number, **changes) for number in range(count)]
    await insert(harness.database, *rows)
    return [row.id for row in rows]


async def test_empty_set_has_one_empty_part(harness: FeedHarness) -> None:
    (part,) = snapshot_parts((await harness.subscribe()).received)
    assert (part.sessions, part.total_count, part.first, part.last) == ([], 0, True, True)


async def test_snapshot_parts_are_newest_first_with_both_ends_marked(harness: FeedHarness) -> None:
    ids = await insert_sessions(harness, 241)
    await insert(harness.database, ended_row())
    stream = await harness.subscribe()
    found = snapshot_parts(stream.received)
    assert [len(part.sessions) for part in found] == [100, 100, 41]
    assert [s.id for part in found for s in part.sessions] == ids
    assert [part.first for part in found] == [True, False, False]
    assert [part.last for part in found] == [False, False, True]
    assert {part.total_count for part in found} == {241}
    assert len({item.sequence for item in stream.received}) == 1


async def test_client_that_reconnects_without_a_cursor_holds_no_ghost(harness: FeedHarness) -> None:
    a, b = [(await harness.api.start_user(name))["id"] for name in "ab"]
    before = (await harness.subscribe()).received
    await harness.api.mutate("stopSession", {"id": a})
    c = (await harness.api.start_user("c"))["id"]
    again = (await harness.subscribe()).received
    assert set(fold([*before, *again])) == {b, c}


async def test_cursor_of_an_inner_part_resyncs(harness: FeedHarness) -> None:
    await insert_sessions(harness, 101)
    stream = await harness.subscribe()
    first, last = stream.cursors
    again = await harness.subscribe(after=first)
    assert isinstance(again.received[0].payload, Resync)
    assert again.received[0].payload.reason == "the snapshot was not complete"
    assert len(fold(again.received)) == 101
    assert (await harness.subscribe(after=last)).received == []
    assert isinstance((await harness.subscribe(after=again.cursors[0])).received[0].payload, Resync)


async def test_session_that_ends_between_two_parts_is_not_sent(harness: FeedHarness) -> None:
    ids = await insert_sessions(harness, 101)
    source = active_sessions(await harness.context(), filter={}, after=None, min_interval_ms=0, heartbeats=False)
    stream = await harness.follow(source)
    beginning = aiter(source.open(None))
    received = [await anext(beginning)]
    await harness.api.mutate("stopSession", {"id": ids[-1]})
    received += [each async for each in beginning]
    stream.received += [each for each in received if isinstance(each, FeedItem)]
    found = snapshot_parts(stream.received)
    assert [len(part.sessions) for part in found] == [100, 0]
    assert [part.total_count for part in found] == [101, 101]
    assert set(fold(stream.received)) == set(ids[:-1])


async def test_streams_that_begin_together_read_the_rows_of_a_set_once(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SNAPSHOT_PART_SIZE", 2)
    ids = await insert_sessions(harness, 20)
    source = (await harness.subscribe()).source
    leading, following, late = [source.open(None) for _ in range(3)]
    assert isinstance(await anext(late), FeedItem)
    assert await anext(leading) is not await anext(following)
    for _ in range(9):
        item = await anext(leading)
        with capture_statements(harness.database) as sent:
            assert await anext(following) == item
        assert sent == []
    assert [isinstance(await anext(stream), CaughtUp) for stream in (leading, following)] == [True, True]
    rest = [item async for item in late if isinstance(item, FeedItem)]
    assert [s.id for part in snapshot_parts(rest) for s in part.sessions] == ids[2:]
    assert len(harness.log_reader.snapshots) == 1
    del item, rest, leading, following, late
    await wait_until(lambda: not harness.log_reader.snapshots)


async def test_set_of_the_largest_size_is_sent_whole(harness: FeedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MAX_SET_SIZE", 300)
    ids = await insert_sessions(harness, 300)
    stream = await harness.subscribe()
    assert [s.id for part in snapshot_parts(stream.received) for s in part.sessions] == ids
    await harness.api.mutate("hideSession", {"id": ids[-1]})
    assert summarize(await stream.read()) == [("UPDATED", ids[-1], "HIDDEN")]


@pytest.mark.parametrize("size", [301, 1201])
async def test_larger_set_is_refused_with_its_size(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(queries, "MAX_SET_SIZE", 300)
    await insert_sessions(harness, size)
    message = f"^filter: must match at most 300 active sessions, not {size:,}$"
    with pytest.raises(BadUserInput, match=message):
        await harness.subscribe()
    assert (await harness.subscribe(kinds=["USER"])).received[0].payload.total_count == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seen_after": EPOCH}, "seenAfter"),
        ({"seen_before": EPOCH}, "seenBefore"),
        ({"stopped_after": EPOCH, "stopped_before": EPOCH}, "stoppedAfter"),
        ({"end_reasons": ["STOPPED"]}, "endReasons"),
        ({"end_reasons": []}, "endReasons"),
        ({"active": False}, "filter.active: must be true"),
        ({"states": ["ENDED"]}, "filter.states: must be ACTIVE"),
        ({"states": ["ACTIVE", "SCHEDULED"]}, "filter.states: must be ACTIVE"),
        ({"every": -1}, "minIntervalMs: must be 0 to 60000"),
        ({"every": 60_001}, "minIntervalMs: must be 0 to 60000"),
    ],
)
async def test_filters_of_ended_sessions_are_rejected(
    harness: FeedHarness, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadUserInput, match=message):
        await harness.subscribe(**arguments)


async def test_filters_by_active_state_are_equivalent_to_none(harness: FeedHarness) -> None:
    session = await harness.api.start_user()
    arguments: list[dict[str, Any]] = [{}, {"active": True}, {"states": ["ACTIVE"]}, {"seen_after": None}]
    streams = [await harness.subscribe(**names) for names in arguments]
    assert len({stream.source.key for stream in streams}) == 1
    assert [set(fold(stream.received)) for stream in streams] == [{session["id"]}] * 4
    assert fold((await harness.subscribe(states=[])).received) == {}
    assert fold((await harness.subscribe(states=["ACTIVE"], kinds=["AGENDA"])).received) == {}
