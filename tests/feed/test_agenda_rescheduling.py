"""Items of the agenda whose times move, as those are told who watch what goes on."""

from models.clock import text_of
from tests.feed_harness import Stage, Stream, fold
from tests.lifecycle.test_rescheduling import at, move, talk


async def test_an_item_leaves_the_live_set_when_it_is_put_off_and_comes_back_at_its_second(stage: Stage) -> None:
    stream = await stage.watch(kinds=["AGENDA"])
    world = stage.world
    id_ = await talk(world, -10, 60)
    await stream.read()
    await world.mutate("updateAgendaSession", {"id": id_, "name": "Other"})
    assert await said(stream) == [("UPDATED", "UPDATED", at(0))]
    await move(world, id_, start=30)
    assert await said(stream) == [("REMOVED", "SCHEDULED", at(0))]
    await world.advance(30 * 60 - 0.001)
    await world.sweep()
    assert (await said(stream), fold(stream.told)) == ([], {})
    await world.advance(0.001)
    await world.sweep()
    assert await said(stream) == [("ADDED", "STARTED", at(30))]
    assert fold(stream.told).keys() == {id_}


async def test_an_end_moved_into_the_past_is_told_to_who_watches(stage: Stage) -> None:
    stream = await stage.watch(kinds=["AGENDA"])
    id_ = await talk(stage.world, -30, 60)
    await stream.read()
    await move(stage.world, id_, end=-10)
    assert await said(stream) == [("REMOVED", "COMPLETED", at(-10))]


async def test_an_item_that_an_update_makes_match_is_added_and_one_that_it_does_not_is_removed(stage: Stage) -> None:
    on_track, imported = await stage.watch(agenda={"schedule_tracks": [1]}), await stage.watch(external_ids=["new"])
    id_ = await talk(stage.world, -30)
    assert (await said(on_track), await said(imported)) == ([], [])
    await stage.world.mutate("updateAgendaSession", {"id": id_, "scheduleTracks": [1, 2]})
    assert (await said(on_track), await said(imported)) == ([("ADDED", "UPDATED", at(0))], [])
    await stage.world.mutate("updateAgendaSession", {"id": id_, "scheduleTracks": [2], "importId": "new"})
    assert await said(on_track) == [("REMOVED", "UPDATED", at(0))]
    assert await said(imported) == [("ADDED", "UPDATED", at(0))]


async def said(stream: Stream) -> list[tuple[str, str, str]]:
    """What is told next: the change, what happened, and when."""
    return [(change.change, change.activity, text_of(change.at)) for change in await stream.read()]
