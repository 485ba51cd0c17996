"""Authorization of subscriptions: the caller's projects are part of every key, condition and predicate."""

from dataclasses import replace
from typing import Any

import pytest

from models.enums import Scope
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.errors import Forbidden
from resolvers.feed.messages import FeedItem, Resync
from resolvers.subscriptions.active_sessions import active_sessions
from resolvers.subscriptions.activities import session_activities
from resolvers.subscriptions.source import Source
from resolvers.subscriptions.stats import session_stats
from tests.api.session_inputs import create_project
from tests.feed_harness import FeedHarness, fold
from tests.queries.operation_context import ADMIN, WRITER
from tests.subscriptions.test_activities import subscribe_activities

READER_OF_ONE = Caller("t1", "one", frozenset({Scope.READ}), frozenset({"one"}))
READER_OF_TWO = Caller("t2", "two", frozenset({Scope.READ}), frozenset({"two"}))
OTHER_READER_OF_ONE = Caller("t3", "one again", frozenset({Scope.READ}), frozenset({"one"}))


@pytest.fixture
async def projects(harness: FeedHarness) -> list[str]:
    """Create a project for each of the two readers."""
    for name in ("one", "two"):
        await create_project(harness.api, name)
    return ["one", "two"]


async def sources(harness: FeedHarness, caller: Caller, **filter_input: Any) -> list[Source]:
    context = await harness.context(caller)
    return [
        active_sessions(context, filter=filter_input, after=None, min_interval_ms=0, heartbeats=False),
        session_activities(context, filter=filter_input, types=None, after=None),
        session_stats(context, filter=filter_input, interval_ms=1000),
    ]


async def test_streams_contain_only_the_callers_projects(harness: FeedHarness, projects: list[str]) -> None:
    ids = [(await harness.api.start_user(projectId=name))["id"] for name in projects]
    callers = READER_OF_ONE, READER_OF_TWO, LOCAL_ADMIN
    sets = {caller.name: await harness.subscribe(caller, heartbeats=True) for caller in callers}
    logs = {caller.name: await subscribe_activities(harness, caller) for caller in callers}
    assert [set(fold(stream.received)) for stream in sets.values()] == [{ids[0]}, {ids[1]}, set(ids)]
    assert [stream.received[0].payload.total_count for stream in sets.values()] == [1, 1, 2]
    cursors = {name: stream.cursors[-1] for name, stream in sets.items()}
    for id_ in ids:
        await harness.api.mutate("keepaliveSession", {"id": id_})
        await harness.api.mutate("hideSession", {"id": id_})
    deleted_id = (await harness.api.start_user(projectId="two"))["id"]
    await sets["one"].read()
    await harness.api.delete(deleted_id)
    for name, own in (("one", {ids[0]}), ("two", {ids[1], deleted_id}), ("local", {*ids, deleted_id})):
        await sets[name].read()
        await logs[name].read()
        assert {item.payload.id for item in sets[name].received[1:]} <= own
        assert {item.payload.session_id for item in logs[name].received} == own
    resumed = await harness.subscribe(READER_OF_ONE, after=cursors["one"])
    assert {item.payload.id for item in resumed.received} == {ids[0]}
    # A cursor of another scope cannot be resumed from.
    for caller, name in ((READER_OF_ONE, "two"), (READER_OF_TWO, "local")):
        stream = await harness.subscribe(caller, after=cursors[name])
        assert isinstance(stream.received[0].payload, Resync)
        assert set(fold(stream.received)) <= set(ids[:1] if caller is READER_OF_ONE else ids[1:])


async def test_filter_by_inaccessible_project_matches_nothing(harness: FeedHarness, projects: list[str]) -> None:
    session = await harness.api.start_user(projectId="two")
    names: list[dict[str, Any]] = [{"project_ids": ["two"]}, {"ids": [session["id"]]}]
    for arguments in names:
        stream = await harness.subscribe(READER_OF_ONE, **arguments)
        await harness.api.mutate("keepaliveSession", {"id": session["id"], "path": [str(arguments)]})
        assert (fold(stream.received), await stream.read()) == ({}, [])
    assert projects == ["one", "two"]


async def test_callers_with_equal_scopes_and_projects_share_a_key(harness: FeedHarness) -> None:
    admin_of_one = Caller("t1", "one", frozenset({Scope.READ, Scope.ADMIN}), frozenset({"one"}))
    callers = READER_OF_ONE, OTHER_READER_OF_ONE, READER_OF_TWO, admin_of_one
    for one, same, two, admin in zip(*[await sources(harness, caller) for caller in callers], strict=True):
        assert one.key == same.key
        assert len({one.key, two.key, admin.key}) == 3
        # What is executed for all of them knows nothing of any one of them.
        async with one.context(FeedItem(None, 1)) as context:
            assert context.caller == replace(READER_OF_ONE, id="", name="")
    assert len({source.key for source in await sources(harness, READER_OF_ONE)}) == 3


async def test_key_has_all_arguments_but_the_cursor(harness: FeedHarness) -> None:
    context = await harness.context()
    cursor = (await harness.subscribe()).cursors[-1]

    def live(**changes: Any) -> Source:
        arguments: dict[str, Any] = {"filter": {}, "after": None, "min_interval_ms": 0, "heartbeats": False}
        return active_sessions(context, **arguments | changes)

    plain = live()
    assert live(after=cursor).key == plain.key
    assert plain.resume_arguments == {"after"}
    others = [live(min_interval_ms=1), live(heartbeats=True), live(filter={"kinds": []})]
    assert len({source.key for source in [plain, *others]}) == 4
    kinds: list[list[str] | None] = [None, [], ["STARTED"]]
    others += [session_activities(context, filter={}, types=types, after=None) for types in kinds]
    others += [session_stats(context, filter={}, interval_ms=every) for every in (1000, 2000)]
    assert len({source.key for source in others}) == 8


async def test_filter_by_id_needs_write_and_any_other_filter_read(harness: FeedHarness) -> None:
    mine, other = await harness.api.start_user("ann"), await harness.api.start_user("bob")
    refused: list[dict[str, Any]] = [{}, {"kinds": ["USER"]}, {"ids": None}]
    for caller in (WRITER, ADMIN):
        for arguments in refused:
            with pytest.raises(Forbidden):
                await harness.subscribe(caller, **arguments)
            with pytest.raises(Forbidden):
                session_activities(await harness.context(caller), filter=arguments, types=None, after=None)
    with pytest.raises(Forbidden):
        await harness.subscribe(ADMIN, ids=[mine["id"]])
    stream = await harness.subscribe(WRITER, ids=[mine["id"]])
    assert set(fold(stream.received)) == {mine["id"]}
    cursor = stream.cursors[-1]
    for session in (mine, other):
        await harness.api.mutate("hideSession", {"id": session["id"]})
        await harness.api.delete(session["id"])
    assert {change.id for change in await stream.read()} == {mine["id"]}
    resumed = await harness.subscribe(WRITER, ids=[mine["id"]], after=cursor)
    assert {item.payload.id for item in resumed.received} == {mine["id"]}
