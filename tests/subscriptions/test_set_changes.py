"""Changes of `activeSessions` after the snapshot."""

from typing import Any

import pytest

from models.enums import SetChange
from resolvers.feed import queries
from resolvers.feed.messages import Change
from tests.feed_harness import FeedHarness, fold


def summarize(changes: list[Any]) -> list[tuple[str, str, str | None]]:
    """Return change, session id and activity of each."""
    assert all(isinstance(change, Change) for change in changes)
    return [(change.change, change.id, change.activity) for change in changes]


async def test_session_is_added_updated_and_removed(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    session = await harness.api.start_user()
    assert summarize(await stream.read()) == [("ADDED", session["id"], "STARTED")]
    await harness.api.mutate("hideSession", {"id": session["id"]})
    assert summarize(await stream.read()) == [("UPDATED", session["id"], "HIDDEN")]
    await harness.api.mutate("stopSession", {"id": session["id"]})
    (change,) = await stream.read()
    assert (change.change, change.activity, change.session.end_reason) == ("REMOVED", "STOPPED", "STOPPED")
    assert fold(stream.received) == {}


async def test_sessions_that_a_filter_terminates_are_removed_together(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    ids = [(await harness.api.start_user(f"user {number}"))["id"] for number in range(3)]
    await stream.read()
    terminate = 'mutation { terminateSessions(input: {filter: {}, reason: "x"}) { count } }'
    assert await harness.api.execute(terminate) == {"count": 3}
    assert summarize(await stream.read()) == [("REMOVED", id_, "TERMINATED") for id_ in sorted(ids)]
    assert fold(stream.received) == {}


async def test_expired_session_is_removed_by_the_sweep(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    session = await harness.api.start_user()
    await stream.read()
    await harness.api.advance(300)
    await harness.api.sweep()
    (change,) = await stream.read()
    assert summarize([change]) == [("REMOVED", session["id"], "EXPIRED")]
    assert change.at == harness.api.clock.value


async def test_completed_form_is_removed_by_the_sweep_once(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    form = await harness.api.start_session("field", {"unitId": "u"})
    await stream.read()
    await harness.api.advance(1800)
    await harness.api.sweep()
    await harness.api.sweep()
    assert summarize(await stream.read()) == [("REMOVED", form["id"], "COMPLETED")]
    await harness.api.mutate("saveFieldData", {"id": form["id"], "data": []})
    assert summarize(await stream.read()) == []


async def test_deleted_and_replaced_sessions_are_removed_without_a_row(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    user = await harness.api.start_user()
    form = await harness.api.start_session("field", {"uuid": "f", "unitId": "u"})
    await stream.read()
    await harness.api.delete(user["id"])
    (change,) = await stream.read()
    assert (summarize([change]), change.session) == ([("REMOVED", user["id"], "DELETED")], None)
    new = await harness.api.start_session("field", {"uuid": "f", "unitId": "u"})
    gone, added = await stream.read()
    assert (summarize([gone]), gone.session) == ([("REMOVED", form["id"], "REPLACED")], None)
    assert summarize([added]) == [("ADDED", new["id"], "STARTED")]


async def test_sessions_come_and_go_as_the_filter_matches(harness: FeedHarness) -> None:
    stream = await harness.subscribe(visible=True, user={"usernames": ["ann"]})
    await harness.api.start_user("bob")
    session = await harness.api.start_user("ann")
    assert summarize(await stream.read()) == [("ADDED", session["id"], "STARTED")]
    await harness.api.mutate("hideSession", {"id": session["id"]})
    assert summarize(await stream.read()) == [("REMOVED", session["id"], "HIDDEN")]
    await harness.api.mutate("keepaliveSession", {"id": session["id"], "visible": True})
    assert summarize(await stream.read()) == [("ADDED", session["id"], "SHOWN")]


async def test_agenda_item_is_added_at_its_start(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    variant = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T21:00:00Z", "endTime": "2026-05-28T22:00:00Z"}
    session = await harness.api.start_session("agenda", variant)
    assert await stream.read() == []
    await harness.api.advance(2000)
    await harness.api.sweep()
    assert summarize(await stream.read()) == [("ADDED", session["id"], "STARTED")]
    await harness.api.advance(3600)
    await harness.api.sweep()
    assert summarize(await stream.read()) == [("REMOVED", session["id"], "COMPLETED")]


async def test_started_agenda_item_stays_when_the_clock_steps_back(harness: FeedHarness) -> None:
    talk = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T20:30:00Z", "endTime": "2026-05-28T22:00:00Z"}
    session = await harness.api.start_session("agenda", talk)
    early = await harness.subscribe()
    await harness.api.advance(201)
    await harness.api.sweep()
    assert summarize(await early.read()) == [("ADDED", session["id"], "STARTED")]
    harness.api.clock.value -= 2000
    late = await harness.subscribe()
    assert (await harness.api.session(session["id"]))["state"] == "ACTIVE"
    await harness.api.mutate("hideSession", {"id": session["id"]})
    await harness.api.advance(3)
    for stream in (early, late):
        await stream.read()
        assert set(fold(stream.received)) == await harness.active_ids() == {session["id"]}


async def test_session_added_and_removed_in_one_batch_is_not_sent(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    session = await harness.api.start_user()
    await harness.api.mutate("stopSession", {"id": session["id"]})
    await harness.api.start_session(
        "agenda", {"guide": 1, "name": "Past", "startTime": "2026-05-27T10:00:00Z", "endTime": "2026-05-27T11:00:00Z"}
    )
    assert await stream.read() == []


async def test_session_that_left_after_a_snapshot_in_the_batch_is_removed(harness: FeedHarness) -> None:
    early = await harness.subscribe()
    ended, deleted = [await harness.api.start_user(name) for name in "ab"]
    form = await harness.api.start_session("field", {"uuid": "f", "unitId": "u"})
    late = await harness.subscribe()
    assert set(fold(late.received)) == {ended["id"], deleted["id"], form["id"]}
    await harness.api.mutate("stopSession", {"id": ended["id"]})
    await harness.api.delete(deleted["id"])  # and with it the entry of its start
    new = await harness.api.start_session("field", {"uuid": "f", "unitId": "u"})
    removed = [("REMOVED", ended["id"], "STOPPED"), ("REMOVED", deleted["id"], "DELETED")]
    removed.append(("REMOVED", form["id"], "REPLACED"))
    assert summarize(await late.read())[:3] == removed
    await early.read()
    assert set(fold(late.received)) == set(fold(early.received)) == {new["id"]}


async def test_changes_are_sent_once_in_order_of_newest_entries(harness: FeedHarness) -> None:
    stream = await harness.subscribe()
    ids = [(await harness.api.start_user(name))["id"] for name in "abc"]
    await harness.api.mutate("keepaliveSession", {"id": ids[0], "path": ["x"]})
    changes = await stream.read()
    assert [change.id for change in changes] == [ids[1], ids[2], ids[0]]
    assert all(change.change == SetChange.ADDED for change in changes)
    assert changes[-1].session.path == ["x"]


async def test_session_newer_than_the_batch_is_removed_from_a_new_stream(
    harness: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "BATCH_SIZE", 1)
    early = await harness.subscribe()
    session = await harness.api.start_user()
    late = await harness.subscribe()
    await harness.api.mutate("stopSession", {"id": session["id"]})
    # The first batch has its beginning alone, with the session as it is after its end.
    assert summarize(await late.read()) == [("REMOVED", session["id"], "STOPPED")]
    await early.read()
    assert fold(late.received) == fold(early.received) == {}
