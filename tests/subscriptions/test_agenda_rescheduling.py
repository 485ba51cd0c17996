"""Changes of active sessions when agenda items are rescheduled."""

from models.clock import to_rfc3339
from tests.feed_harness import FeedHarness, Stream, fold
from tests.lifecycle.test_rescheduling import instant_at, reschedule, start_talk


async def test_postponed_item_leaves_the_set_until_its_new_start(
    harness: FeedHarness,
) -> None:
    stream = await harness.subscribe(kinds=["AGENDA"])
    api = harness.api
    id_ = await start_talk(api, -10, 60)
    await stream.read()
    await api.mutate("updateAgendaSession", {"id": id_, "name": "Other"})
    assert await summarize_next(stream) == [("UPDATED", "UPDATED", instant_at(0))]
    await reschedule(api, id_, start=30)
    assert await summarize_next(stream) == [("REMOVED", "SCHEDULED", instant_at(0))]
    await api.advance(30 * 60 - 0.001)
    await api.sweep()
    assert (await summarize_next(stream), fold(stream.received)) == ([], {})
    await api.advance(0.001)
    await api.sweep()
    assert await summarize_next(stream) == [("ADDED", "STARTED", instant_at(30))]
    assert fold(stream.received).keys() == {id_}


async def test_end_moved_into_the_past_removes_the_item(harness: FeedHarness) -> None:
    stream = await harness.subscribe(kinds=["AGENDA"])
    id_ = await start_talk(harness.api, -30, 60)
    await stream.read()
    await reschedule(harness.api, id_, end=-10)
    assert await summarize_next(stream) == [("REMOVED", "COMPLETED", instant_at(-10))]


async def test_update_adds_and_removes_items_as_they_match(
    harness: FeedHarness,
) -> None:
    on_track, imported = (
        await harness.subscribe(agenda={"schedule_tracks": [1]}),
        await harness.subscribe(external_ids=["new"]),
    )
    id_ = await start_talk(harness.api, -30)
    assert (await summarize_next(on_track), await summarize_next(imported)) == ([], [])
    await harness.api.mutate("updateAgendaSession", {"id": id_, "scheduleTracks": [1, 2]})
    assert (await summarize_next(on_track), await summarize_next(imported)) == (
        [("ADDED", "UPDATED", instant_at(0))],
        [],
    )
    await harness.api.mutate("updateAgendaSession", {"id": id_, "scheduleTracks": [2], "importId": "new"})
    assert await summarize_next(on_track) == [("REMOVED", "UPDATED", instant_at(0))]
    assert await summarize_next(imported) == [("ADDED", "UPDATED", instant_at(0))]


async def summarize_next(stream: Stream) -> list[tuple[str, str, str]]:
    """Return change, activity and time of the next items."""
    return [(change.change, change.activity, to_rfc3339(change.at)) for change in await stream.read()]
