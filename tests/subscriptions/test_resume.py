"""Resuming `activeSessions` from a cursor."""

from pathlib import Path
from typing import Any

import pytest

from models.clock import DAY
from resolvers.errors import BadUserInput
from resolvers.feed import queries
from resolvers.feed.messages import CaughtUp, Change, FeedItem, Resync, Snapshot
from resolvers.pagination import cursors
from tests.api_client import EPOCH, FakeClock
from tests.factories import activity_row, insert, session_row
from tests.feed_harness import FeedHarness, fold, open_harness
from tests.subscriptions.test_set_changes import summarize


async def snapshot_cursor(harness: FeedHarness, **filter_input: Any) -> str:
    return (await harness.subscribe(**filter_input)).cursors[-1]


async def test_changed_sessions_come_once_as_they_are_now(harness: FeedHarness) -> None:
    a, b, c = [await harness.api.start_user(name) for name in "abc"]
    form = await harness.api.start_session("field", {"uuid": "f", "unitId": "u"})
    cursor = await snapshot_cursor(harness)
    await harness.api.mutate("hideSession", {"id": a["id"]})
    await harness.api.mutate("stopSession", {"id": b["id"]})
    await harness.api.mutate("keepaliveSession", {"id": a["id"], "path": ["x"]})
    await harness.api.delete(form["id"])
    new = await harness.api.start_user("new")
    stream = await harness.subscribe(after=cursor)
    changes = [item.payload for item in stream.received]
    assert summarize(changes) == [
        ("REMOVED", b["id"], "STOPPED"),
        ("UPDATED", a["id"], "MOVED"),
        ("REMOVED", form["id"], "DELETED"),
        ("ADDED", new["id"], "STARTED"),
    ]
    assert changes[1].session.path == ["x"]
    assert changes[2].session is None
    assert c["id"] not in {change.id for change in changes}
    await harness.api.mutate("hideSession", {"id": c["id"]})
    assert summarize(await stream.read()) == [("UPDATED", c["id"], "HIDDEN")]


async def test_removals_are_limited_to_sessions_that_could_match(harness: FeedHarness) -> None:
    user = await harness.api.start_user()
    cursor = await snapshot_cursor(harness, visible=True, kinds=["USER"])
    await harness.api.mutate("hideSession", {"id": user["id"]})
    await harness.api.start_session("client", {"clientSystem": "iOS"})
    stream = await harness.subscribe(visible=True, kinds=["USER"], after=cursor)
    assert summarize([item.payload for item in stream.received]) == [("REMOVED", user["id"], "HIDDEN")]


async def test_cursor_survives_a_restart(tmp_path: Path) -> None:
    async with open_harness(tmp_path / "test.db") as harness:
        stream = await harness.subscribe()
        session = await harness.api.start_user()
        await stream.read()
        held, cursor = fold(stream.received), stream.cursors[-1]
        await harness.api.mutate("stopSession", {"id": session["id"]})
    async with open_harness(tmp_path / "test.db", FakeClock(EPOCH + DAY)) as harness:
        stream = await harness.subscribe(after=cursor)
        assert summarize([item.payload for item in stream.received]) == [("REMOVED", session["id"], "STOPPED")]
        assert fold(stream.received, held) == {}


async def test_several_pages_are_sent_in_log_order(harness: FeedHarness) -> None:
    cursor = await snapshot_cursor(harness)
    rows = [session_row(started_at=EPOCH - 1) for _ in range(1003)]
    await insert(
        harness.database, *rows, *(activity_row(s) for s in rows), *(activity_row(s, "MOVED") for s in rows[:3])
    )
    stream = await harness.subscribe(after=cursor)
    assert [item.payload.id for item in stream.received] == [s.id for s in [*rows[3:], *rows[:3]]]
    positions = [item.sequence for item in stream.received]
    assert positions == sorted(positions)
    # Resuming from a cursor repeats the items that follow it, and nothing else.
    for index in (0, 500, 1001):
        again = await harness.subscribe(after=stream.cursors[index])
        assert [item.payload.id for item in again.received] == [
            item.payload.id for item in stream.received[index + 1 :]
        ]


async def test_session_added_between_two_pages_is_removed_later(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 1)
    early = await harness.subscribe(visible=True)
    first = await harness.api.start_user("first")
    flickering = await harness.api.start_user("flickering", visible=False)
    await early.read()
    beginning = aiter(early.source.open(early.received[0].cursor))
    received = [await anext(beginning)]
    await harness.api.mutate("keepaliveSession", {"id": flickering["id"], "visible": True})
    received += [each async for each in beginning]
    late = await harness.follow(early.source)
    late.received = [each for each in received if isinstance(each, FeedItem)]
    assert isinstance(received[-1], CaughtUp)
    late._caught_up = received[-1]
    assert set(fold(late.received)) == {first["id"], flickering["id"]}
    await harness.api.mutate("hideSession", {"id": flickering["id"]})
    await late.read()
    assert set(fold(late.received)) == {first["id"]}


async def test_cursor_of_another_filter_resyncs(harness: FeedHarness) -> None:
    session = await harness.api.start_user()
    cursor = await snapshot_cursor(harness, kinds=["USER", "CLIENT"])
    assert (await harness.subscribe(kinds=["CLIENT", "USER"], active=True, after=cursor)).received == []
    stream = await harness.subscribe(after=cursor)
    resync, snapshot = [item.payload for item in stream.received]
    assert isinstance(resync, Resync)
    assert resync.reason == "the cursor is of another filter"
    assert isinstance(snapshot, Snapshot)
    assert set(fold(stream.received)) == {session["id"]}


async def test_cursor_older_than_seven_days_resyncs(harness: FeedHarness) -> None:
    cursor = await snapshot_cursor(harness)
    harness.api.clock.value += 7 * DAY - 120_000
    await harness.api.advance(0)
    assert (await harness.subscribe(after=cursor)).received == []
    await harness.api.advance(121)
    stream = await harness.subscribe(after=cursor)
    assert stream.received[0].payload.reason == "the cursor is more than 7 days old"


async def test_cursors_within_a_resume_keep_the_age_of_the_first(harness: FeedHarness) -> None:
    cursor = await snapshot_cursor(harness)
    gone = [await harness.api.start_user(name) for name in "ab"]
    for session in gone:
        await harness.api.delete(session["id"])
    await harness.api.advance(6 * DAY / 1000)
    first, last = (await harness.subscribe(after=cursor)).cursors
    await harness.api.advance(2 * DAY / 1000)
    await harness.api.sweep()
    assert isinstance((await harness.subscribe(after=first)).received[0].payload, Resync)
    assert (await harness.subscribe(after=last)).received == []


async def test_foreign_cursor_resyncs(harness: FeedHarness, tmp_path: Path) -> None:
    async with open_harness(tmp_path / "other.db") as other:
        elsewhere = await snapshot_cursor(other)
    (_, (_, fingerprint, time)) = cursors.parse(await snapshot_cursor(harness), [int, str, int]) or ("", (0, "", 0))
    beyond = cursors.encode(harness.log_reader.database.database_id, (5, fingerprint, time))
    await harness.api.start_user()
    page = await harness.api.execute("{ activities(first: 1) { pageInfo { endCursor } } }")
    for cursor, reason in (
        (elsewhere, "the cursor is of another database"),
        (beyond, "the log does not reach as far as the cursor"),
        (page["pageInfo"]["endCursor"], "the cursor is of another filter"),
    ):
        resync, snapshot = (await harness.subscribe(after=cursor)).received
        assert resync.payload.reason == reason
        assert isinstance(snapshot.payload, Snapshot)


@pytest.mark.parametrize("text", ["", "x", "é", "W10", "WzFd", "e30", "x" * 513, "WyJkX3giLDFd", "bnVsbA", "\0"])
async def test_malformed_cursor_is_rejected(harness: FeedHarness, text: str) -> None:
    with pytest.raises(BadUserInput, match="after: is not a cursor"):
        await harness.subscribe(after=text)


async def test_cursor_of_a_page_is_rejected(harness: FeedHarness) -> None:
    await harness.api.start_user()
    page = await harness.api.execute("{ sessions(first: 1) { pageInfo { endCursor } } }")
    with pytest.raises(BadUserInput):
        await harness.subscribe(after=page["pageInfo"]["endCursor"])


async def test_stream_resumes_from_every_cursor(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    ids = [(await harness.api.start_user(name))["id"] for name in "abcd"]
    await harness.api.mutate("hideSession", {"id": ids[1]})
    await stream.read()
    for index, cursor in enumerate(stream.cursors):
        held = fold(stream.received[: index + 1])
        again = await harness.subscribe(after=cursor)
        assert all(isinstance(item.payload, Change) for item in again.received)
        assert set(fold(again.received, held)) == set(ids)
    assert (await harness.subscribe(after=stream.cursors[-1])).received == []
