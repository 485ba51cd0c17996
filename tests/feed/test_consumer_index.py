"""Live queries that a change cannot concern: they cost nothing, and miss nothing."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.feed import queries, resume
from resolvers.feed.consumer import LogConsumer
from resolvers.feed.consumer_index import ANCHOR_COLUMNS, Anchor, ConsumerIndex
from resolvers.feed.queries import SessionScope
from resolvers.filters import Filter
from tests.factories import activity_row, session_row
from tests.feed_harness import FeedHarness, Stream
from tests.subscriptions.test_access import READER_OF_ONE

GROUPS = 30


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is done for each group, by the name of the method."""
    counted: Counter[str] = Counter()
    for owner, name in ((LogConsumer, "on_batch"), (LogConsumer, "needed_ids"), (SessionScope, "contains")):
        original = getattr(owner, name)

        def count(*args: object, original: object = original, name: str = name) -> object:
            counted[name] += 1
            return original(*args)  # type: ignore[operator]  # it is a method

        monkeypatch.setattr(owner, name, count)
    return counted


async def open_narrow(harness: FeedHarness) -> list[Stream]:
    """Open live queries of one user each."""
    streams = [await harness.subscribe(user={"usernames": [f"user {number}"]}) for number in range(GROUPS)]
    await harness.run_until_idle()
    return streams


async def test_change_reaches_only_groups_that_can_match(harness: FeedHarness, calls: Counter[str]) -> None:
    streams = await open_narrow(harness)
    calls.clear()
    await harness.api.start_user("user 3")
    await harness.run_until_idle()
    assert [len(await stream.read()) for stream in streams] == [int(number == 3) for number in range(GROUPS)]
    batches = calls["on_batch"]
    assert batches <= 2
    assert calls["needed_ids"] == batches
    assert calls["contains"] == 1
    await harness.api.start_user("another")
    await harness.run_until_idle()
    assert calls["on_batch"] == batches


async def test_group_without_a_condition_gets_every_change(harness: FeedHarness, calls: Counter[str]) -> None:
    await open_narrow(harness)
    stream = await harness.subscribe(visible=True)
    await harness.run_until_idle()
    calls.clear()
    session = await harness.api.start_user("another")
    assert [change.id for change in await stream.read()] == [session["id"]]
    assert calls["on_batch"] < GROUPS


async def test_deleted_session_is_removed_from_the_set_of_its_user(harness: FeedHarness) -> None:
    streams = await open_narrow(harness)
    session = await harness.api.start_user("user 3")
    await harness.run_until_idle()
    await harness.api.delete(session["id"])
    await harness.run_until_idle()
    shown = [[change.change for change in await stream.read()] for stream in streams]
    assert shown == [["ADDED", "REMOVED"] if number == 3 else [] for number in range(GROUPS)]


async def test_cursor_after_a_long_rest_is_recent(harness: FeedHarness) -> None:
    stream = await harness.subscribe(user={"usernames": ["ann"]})
    for number in range(5):
        await harness.api.start_user(f"user {number}")
        await harness.run_until_idle()
    before = await harness.database.read(queries.head)
    harness.api.clock.value += 1000
    for _ in range(2):
        await harness.api.start_user("ann")
    await stream.read()
    first, last = map(resume.parse, stream.cursors[-2:])
    assert first.position == before
    assert last.position == await harness.database.read(queries.head)
    assert 0 < harness.api.clock.value - (first.time or 0) <= 1000


async def test_change_that_waits_for_its_interval_is_sent(harness: FeedHarness) -> None:
    stream = await harness.subscribe(user={"usernames": ["ann"]}, every=5000)
    session = await harness.api.start_user("ann")
    assert len(await stream.read()) == 1
    await harness.api.mutate("hideSession", {"id": session["id"]})
    assert await stream.read() == []
    await harness.api.start_user("bob")
    harness.timers.advance(5)
    assert [change.activity for change in await stream.read()] == ["HIDDEN"]


async def test_activities_of_one_user_skip_those_of_others(harness: FeedHarness, calls: Counter[str]) -> None:
    scope = SessionScope(READER_OF_ONE, Filter.parse({}))
    assert scope.anchor == Anchor("project_id", frozenset({"one"}))
    await open_narrow(harness)
    calls.clear()
    for name in ("another", "user 5", "another one"):
        await harness.api.start_user(name)
        await harness.run_until_idle()
    assert calls["on_batch"] <= 2


names = st.sampled_from(["a", "b", "c"])
anchors = st.builds(Anchor, st.sampled_from(ANCHOR_COLUMNS), st.frozensets(names, max_size=3))
changes = st.lists(st.tuples(names, names, st.one_of(st.none(), names), st.booleans()), max_size=4)


@given(st.lists(anchors, max_size=6), changes)
def test_index_finds_all_whose_condition_is_met(
    drawn: list[Anchor], entries: list[tuple[str, str, str | None, bool]]
) -> None:
    index = ConsumerIndex[int]()
    for number, anchor in enumerate(drawn):
        index.add(number, anchor)
    rows = [session_row(id=id_, project_id=project, subject=subject) for id_, project, subject, _ in entries]
    made = [(activity_row(s), None if entry[-1] else s) for s, entry in zip(rows, entries, strict=True)]
    expected = {
        number
        for number, (column, values) in enumerate(drawn)
        for id_, project, subject, deleted in entries
        if (column == "subject" and values and deleted)
        or {"id": id_, "project_id": project, "subject": subject}[column] in values
    }
    assert index.concerned(made) == expected
    for number, anchor in enumerate(drawn):
        index.remove(number, anchor)
    assert index.concerned(made) == set()
