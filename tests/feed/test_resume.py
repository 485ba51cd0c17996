"""Going on from a cursor."""

from pathlib import Path
from typing import Any

import pytest

from models.clock import DAY
from resolvers.errors import BadUserInput
from resolvers.feed import queries
from resolvers.feed.messages import Change, Item, Joined, Resync, Snapshot
from resolvers.pagination import cursors
from tests.api_client import EPOCH, FakeClock
from tests.factories import activity_row, session_row, store
from tests.feed.test_set_changes import said
from tests.feed_harness import Stage, fold, open_stage


async def begun(stage: Stage, **given: Any) -> str:
    """The cursor of a stream that has read its snapshot."""
    return (await stage.watch(**given)).cursors[-1]


async def test_every_session_with_an_entry_since_comes_once_as_it_is_now(stage: Stage) -> None:
    a, b, c = [await stage.world.user(name) for name in "abc"]
    form = await stage.world.started("field", {"uuid": "f", "unitId": "u"})
    cursor = await begun(stage)
    await stage.world.mutate("hideSession", {"id": a["id"]})
    await stage.world.mutate("stopSession", {"id": b["id"]})
    await stage.world.mutate("keepaliveSession", {"id": a["id"], "path": ["x"]})
    await stage.world.ask("mutation($id: ID!) { deleteSession(id: $id) { id } }", id=form["id"])
    new = await stage.world.user("new")
    stream = await stage.watch(after=cursor)
    changes = [item.payload for item in stream.told]
    assert said(changes) == [
        ("REMOVED", b["id"], "STOPPED"),
        ("UPDATED", a["id"], "MOVED"),
        ("REMOVED", form["id"], "DELETED"),
        ("ADDED", new["id"], "STARTED"),
    ]
    assert changes[1].session.path == ["x"]
    assert changes[2].session is None
    assert c["id"] not in {change.id for change in changes}
    await stage.world.mutate("hideSession", {"id": c["id"]})
    assert said(await stream.read()) == [("UPDATED", c["id"], "HIDDEN")]


async def test_what_does_not_match_any_more_is_removed_and_what_never_can_is_left_out(stage: Stage) -> None:
    user = await stage.world.user()
    cursor = await begun(stage, visible=True, kinds=["USER"])
    await stage.world.mutate("hideSession", {"id": user["id"]})
    await stage.world.started("client", {"clientSystem": "iOS"})
    stream = await stage.watch(visible=True, kinds=["USER"], after=cursor)
    assert said([item.payload for item in stream.told]) == [("REMOVED", user["id"], "HIDDEN")]


async def test_nothing_has_happened_so_nothing_is_told(stage: Stage) -> None:
    await stage.world.user()
    cursor = await begun(stage)
    stream = await stage.watch(after=cursor)
    assert stream.told == []
    await stage.world.user()
    assert len(await stream.read()) == 1


async def test_a_cursor_is_good_after_a_restart(tmp_path: Path) -> None:
    async with open_stage(tmp_path / "test.db") as stage:
        stream = await stage.watch()
        session = await stage.world.user()
        await stream.read()
        held, cursor = fold(stream.told), stream.cursors[-1]
        await stage.world.mutate("stopSession", {"id": session["id"]})
    async with open_stage(tmp_path / "test.db", FakeClock(EPOCH + DAY)) as stage:
        stream = await stage.watch(after=cursor)
        assert said([item.payload for item in stream.told]) == [("REMOVED", session["id"], "STOPPED")]
        assert fold(stream.told, held) == {}


async def test_more_than_one_page_is_told_in_the_order_of_the_log(stage: Stage) -> None:
    cursor = await begun(stage)
    rows = [session_row(started_at=EPOCH - 1) for _ in range(1003)]
    await store(stage.database, *rows, *(activity_row(s) for s in rows), *(activity_row(s, "MOVED") for s in rows[:3]))
    stream = await stage.watch(after=cursor)
    assert [item.payload.id for item in stream.told] == [s.id for s in [*rows[3:], *rows[:3]]]
    positions = [item.position for item in stream.told]
    assert positions == sorted(positions)
    # Each cursor is a place to go on from: what follows it is told again, and nothing else.
    for index in (0, 500, 1001):
        again = await stage.watch(after=stream.cursors[index])
        assert [item.payload.id for item in again.told] == [item.payload.id for item in stream.told[index + 1 :]]


async def test_what_came_for_a_moment_while_a_later_page_was_read_is_taken_away_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PART", 1)
    early = await stage.watch(visible=True)
    first = await stage.world.user("first")
    flickering = await stage.world.user("flickering", visible=False)
    await early.read()
    beginning = aiter(early.source.open(early.told[0].cursor))
    told = [await anext(beginning)]
    await stage.world.mutate("keepaliveSession", {"id": flickering["id"]})
    told += [each async for each in beginning]
    late = await stage.follow(early.source)
    late.told = [each for each in told if isinstance(each, Item)]
    assert isinstance(told[-1], Joined)
    late._joined = told[-1]
    assert set(fold(late.told)) == {first["id"], flickering["id"]}
    await stage.world.mutate("hideSession", {"id": flickering["id"]})
    await late.read()
    assert set(fold(late.told)) == {first["id"]}


async def test_a_cursor_of_another_filter_or_of_other_projects_begins_afresh(stage: Stage) -> None:
    session = await stage.world.user()
    cursor = await begun(stage, kinds=["USER", "CLIENT"])
    assert (await stage.watch(kinds=["CLIENT", "USER"], active=True, after=cursor)).told == []
    stream = await stage.watch(after=cursor)
    resync, snapshot = [item.payload for item in stream.told]
    assert isinstance(resync, Resync)
    assert resync.reason == "the cursor is of another filter"
    assert isinstance(snapshot, Snapshot)
    assert set(fold(stream.told)) == {session["id"]}


async def test_a_cursor_of_another_database_begins_afresh(stage: Stage, tmp_path: Path) -> None:
    async with open_stage(tmp_path / "other.db") as other:
        cursor = await begun(other)
    stream = await stage.watch(after=cursor)
    assert stream.told[0].payload.reason == "the cursor is of another database"
    assert isinstance(stream.told[1].payload, Snapshot)


async def test_a_cursor_of_more_than_seven_days_ago_begins_afresh(stage: Stage) -> None:
    cursor = await begun(stage)
    stage.world.clock.value += 7 * DAY - 120_000
    await stage.world.advance(0)
    assert (await stage.watch(after=cursor)).told == []
    await stage.world.advance(121)
    stream = await stage.watch(after=cursor)
    assert stream.told[0].payload.reason == "the cursor is more than 7 days old"


async def test_a_cursor_that_was_resumed_from_is_as_old_as_before_until_all_is_told(stage: Stage) -> None:
    cursor = await begun(stage)
    gone = [await stage.world.user(name) for name in "ab"]
    for session in gone:
        await stage.world.ask("mutation($id: ID!) { deleteSession(id: $id) { id } }", id=session["id"])
    await stage.world.advance(6 * DAY / 1000)
    first, last = (await stage.watch(after=cursor)).cursors
    await stage.world.advance(2 * DAY / 1000)
    await stage.world.sweep()
    assert isinstance((await stage.watch(after=first)).told[0].payload, Resync)
    assert (await stage.watch(after=last)).told == []


async def test_a_cursor_ahead_of_the_log_begins_afresh(stage: Stage) -> None:
    database_id = stage.feed.database.identity
    (_, (_, fingerprint, time)) = cursors.read(await begun(stage), [int, str, int]) or ("", (0, "", 0))
    stream = await stage.watch(after=cursors.encode(database_id, (5, fingerprint, time)))
    assert stream.told[0].payload.reason == "the log does not reach as far as the cursor"


async def test_the_cursor_of_an_activity_is_none_of_a_set(stage: Stage) -> None:
    await stage.world.user()
    page = await stage.world.ask("{ activities(first: 1) { pageInfo { endCursor } } }")
    stream = await stage.watch(after=page["pageInfo"]["endCursor"])
    assert stream.told[0].payload.reason == "the cursor is of another filter"


@pytest.mark.parametrize("text", ["", "x", "é", "W10", "WzFd", "e30", "x" * 513, "WyJkX3giLDFd", "bnVsbA", "\0"])
async def test_garbage_is_no_cursor(stage: Stage, text: str) -> None:
    with pytest.raises(BadUserInput, match="after is not a cursor"):
        await stage.watch(after=text)


async def test_the_cursor_of_a_list_is_none_of_a_stream(stage: Stage) -> None:
    await stage.world.user()
    page = await stage.world.ask("{ sessions(first: 1) { pageInfo { endCursor } } }")
    with pytest.raises(BadUserInput):
        await stage.watch(after=page["pageInfo"]["endCursor"])


async def test_every_cursor_of_changes_is_a_place_to_go_on_from(stage: Stage) -> None:
    stream = await stage.watch()
    ids = [(await stage.world.user(name))["id"] for name in "abcd"]
    await stage.world.mutate("hideSession", {"id": ids[1]})
    await stream.read()
    for index, cursor in enumerate(stream.cursors):
        held = fold(stream.told[: index + 1])
        again = await stage.watch(after=cursor)
        assert all(isinstance(item.payload, Change) for item in again.told)
        assert set(fold(again.told, held)) == set(ids)
    assert (await stage.watch(after=stream.cursors[-1])).told == []
