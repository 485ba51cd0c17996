"""Subscription documents over the transport: results, errors, and executions shared by equal streams."""

import asyncio
from typing import Any, cast

import orjson
import pytest

from models.enums import Scope
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.feed import queries
from tests.api.session_inputs import create_project
from tests.polling import wait_until
from tests.queries.operation_context import WRITER
from tests.statements import capture_statements
from tests.subscriptions.stream_server import StreamServer, await_next_values, next_values
from tests.subscriptions.test_access import OTHER_READER_OF_ONE, READER_OF_ONE, READER_OF_TWO
from transport.subscriptions import StreamResponse
from transport.subscriptions.subscriber import SubscriberStream

ACTIVE_SESSIONS = """subscription Live($after: String) { activeSessions(after: $after) {
    ... on SessionSnapshot { cursor sessions { id } } ... on SessionChange { cursor change id } } }"""
SET_ITEMS = """subscription($filter: SessionFilter, $after: String, $every: Int) {
    activeSessions(filter: $filter, after: $after, minIntervalMs: $every) {
        __typename
        ... on SessionSnapshot {
            sessions { id kind project { id } pathTimes { path } } totalCount first last cursor
        }
        ... on SessionChange { change id activity at cursor session { id state endReason } }
        ... on FeedResync { reason cursor }
    } }"""
SESSION_ACTIVITIES = """subscription($after: String) { sessionActivities(after: $after) {
    ... on Activity { cursor type session { id visible } } } }"""
SESSION_STATS = "subscription($every: Int) { sessionStats(intervalMs: $every) { total } }"


@pytest.mark.parametrize("subscribers", [60, pytest.param(1000, marks=pytest.mark.long)])
async def test_equal_streams_share_executions_before_and_after_resume(server: StreamServer, subscribers: int) -> None:
    async def start_sessions(answers: list[StreamResponse]) -> None:
        """Start ten sessions; all streams get each of them."""
        waiting = await await_next_values(answers, 10)
        server.execution.clear()
        sessions = [await server.harness.api.start_user() for _ in range(10)]
        changes = await asyncio.gather(*waiting)
        assert all([change["id"] for change in found] == [s["id"] for s in sessions] for found in changes)
        assert server.execution.counts == (10, 10)
        assert len(server.streams.groups) == len(server.harness.log_reader._consumers) == 1

    answers, cursors = [], []
    for _ in range(subscribers):
        answers.append(await server.open(ACTIVE_SESSIONS))
        cursors += [part["cursor"] for part in await next_values(answers[-1])]
        await server.harness.api.advance(0.001)
    await start_sessions(answers)
    for answer in answers:
        await answer.frames.aclose()
    assert len(set(cursors)) == subscribers
    # All resume, each from a cursor of its own, from before the ten sessions.
    answers = [await server.open(ACTIVE_SESSIONS, after=cursor) for cursor in cursors]
    for answer in answers:
        assert len(await next_values(answer, 10)) == 10
    await start_sessions(answers)


async def test_callers_of_other_scopes_or_projects_do_not_share(server: StreamServer) -> None:
    for name in ("one", "two"):
        await create_project(server.harness.api, name)
    admin_of_one = Caller("t1", "one", frozenset({Scope.READ, Scope.ADMIN}), frozenset({"one"}))
    answers = [
        await server.open(ACTIVE_SESSIONS, caller)
        for caller in (READER_OF_ONE, READER_OF_TWO, OTHER_READER_OF_ONE, admin_of_one, LOCAL_ADMIN)
    ]
    for answer in answers:
        await next_values(answer)
    assert len(server.streams.groups) == 4
    waiting = await await_next_values(answers[:4], 1) + await await_next_values(answers[4:], 2)
    server.execution.clear()
    one, two = [(await server.harness.api.start_user(projectId=name))["id"] for name in ("one", "two")]
    seen = [[change["id"] for change in found] for found in await asyncio.gather(*waiting)]
    assert seen == [[one], [two], [one], [one], [one, two]]
    # Project one: its readers, its administrator, all projects. Project two: its reader, all projects.
    assert server.execution.counts == (5, 5)


async def test_active_sessions_items_have_the_types_of_the_union(server: StreamServer) -> None:
    session = await server.harness.api.start_user(path=["x"])
    answer = await server.open(SET_ITEMS)
    (snapshot,) = await next_values(answer)
    assert snapshot == {
        "__typename": "SessionSnapshot",
        "sessions": [{"id": session["id"], "kind": "USER", "project": {"id": "default"}, "pathTimes": []}],
        "totalCount": 1,
        "first": True,
        "last": True,
        "cursor": snapshot["cursor"],
    }
    await server.harness.api.mutate("stopSession", {"id": session["id"]})
    (change,) = await next_values(answer)
    assert change == {
        "__typename": "SessionChange",
        "change": "REMOVED",
        "id": session["id"],
        "activity": "STOPPED",
        "at": "2026-05-28T20:26:40.000Z",
        "cursor": change["cursor"],
        "session": {"id": session["id"], "state": "ENDED", "endReason": "STOPPED"},
    }
    again = await server.open(SET_ITEMS, after=snapshot["cursor"], filter={"visible": True})
    resync, snapshot = await next_values(again, 2)
    assert (resync["__typename"], resync["reason"]) == ("FeedResync", "the cursor is of another filter")
    assert snapshot["sessions"] == []


@pytest.mark.parametrize(
    ("document", "variables", "input_path"),
    [
        (SET_ITEMS, {"filter": {"seenAfter": "2026-01-01T00:00:00Z"}}, ["filter", "seenAfter"]),
        (SET_ITEMS, {"every": 60_001}, ["minIntervalMs"]),
        (SET_ITEMS, {"after": "garbage"}, ["after"]),
        (SESSION_ACTIVITIES, {"after": "garbage"}, ["after"]),
        (SESSION_STATS, {"every": 999}, ["intervalMs"]),
    ],
)
async def test_invalid_subscriptions_are_refused(
    server: StreamServer, document: str, variables: dict[str, Any], input_path: list[str]
) -> None:
    answer = await server.open(document, **variables)
    assert answer.refused
    errors = orjson.loads((await anext(answer.frames)).payload)["errors"]
    assert [error["extensions"] for error in errors] == [{"code": "BAD_USER_INPUT", "inputPath": input_path}]


@pytest.mark.parametrize("document", [SET_ITEMS, SESSION_ACTIVITIES, SESSION_STATS])
async def test_subscriptions_without_scope_are_refused(server: StreamServer, document: str) -> None:
    answer = await server.open(document, WRITER)
    assert answer.refused
    errors = orjson.loads((await anext(answer.frames)).payload)["errors"]
    assert [error["extensions"] for error in errors] == [{"code": "FORBIDDEN"}]


@pytest.mark.parametrize(("first", "refused"), [(5, False), (100, True)])
async def test_snapshot_part_has_the_cost_of_100_sessions(server: StreamServer, first: int, refused: bool) -> None:
    answer = await server.open(
        f"subscription {{ activeSessions {{ ... on SessionSnapshot {{ sessions {{ pathTimes {{ path }} activities("
        f"first: {first}) {{ edges {{ node {{ id }} }} }} }} }} }} }}"
    )
    assert answer.refused == refused
    frame = await anext(answer.frames)
    assert (b"QUERY_TOO_COMPLEX" in frame.payload) == refused


async def test_equal_statistics_are_not_sent_again(server: StreamServer) -> None:
    answer = await server.open(SESSION_STATS)
    assert await next_values(answer) == [{"total": 0}]
    (waiting,) = await await_next_values([answer], 1)
    server.harness.timers.advance(10)
    await wait_until(lambda: server.execution.executed == 2)
    await server.harness.api.start_user()
    await wait_until(lambda: server.harness.timers.next is not None)
    server.harness.timers.advance(1)
    assert await waiting == [{"total": 1}]
    assert server.execution.executed == 3


async def test_activity_cursors_need_no_query(server: StreamServer) -> None:
    cursor = (await server.harness.subscribe()).cursors[-1]
    await server.harness.api.start_user()
    answer = await server.open(SESSION_ACTIVITIES, after=cursor)
    (started,) = await next_values(answer)
    assert (started["type"], started["session"]["visible"]) == ("STARTED", True)
    with capture_statements(server.harness.database) as sent:
        for _ in range(3):
            await server.harness.api.start_user()
        assert await next_values(answer, 3) != []
    assert [statement for statement in sent if "database_id" in statement] == []


# ---- sets that are too large ----


async def remaining_bodies(answer: StreamResponse) -> list[Any]:
    """Return all results until the stream ends."""
    return [orjson.loads(frame.payload) async for frame in answer.frames]


def is_refusal(body: Any, size: int) -> bool:
    (error,) = body["errors"]
    message = f"filter: must match at most 3 active sessions, not {size}"
    extensions = {"code": "BAD_USER_INPUT", "inputPath": ["filter"]}
    return "data" not in body and (error["message"], error["extensions"]) == (message, extensions)


@pytest.fixture
def limit_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MAX_SET_SIZE", 3)
    monkeypatch.setattr(queries, "SNAPSHOT_PART_SIZE", 1)


@pytest.mark.usefixtures("limit_of_three")
async def test_subscription_to_a_set_that_is_too_large_fails(server: StreamServer) -> None:
    for _ in range(5):
        await server.harness.api.start_user()
    (refusal,) = await remaining_bodies(await server.open(SET_ITEMS))
    assert is_refusal(refusal, 5)


@pytest.mark.usefixtures("limit_of_three")
async def test_resuming_into_a_set_that_is_too_large_resyncs_and_fails(server: StreamServer) -> None:
    cursor = (await server.harness.subscribe()).cursors[-1]
    for _ in range(4):
        await server.harness.api.start_user()
    *changes, resync, refusal = await remaining_bodies(await server.open(SET_ITEMS, after=cursor))
    assert [body["data"]["activeSessions"]["change"] for body in changes] == ["ADDED"] * 4
    assert resync["data"]["activeSessions"]["__typename"] == "FeedResync"
    assert is_refusal(refusal, 4)
    other = (await server.harness.subscribe(visible=True, kinds=["CLIENT"])).cursors[-1]
    resync, refusal = await remaining_bodies(await server.open(SET_ITEMS, after=other))
    assert resync["data"]["activeSessions"]["reason"] == "the cursor is of another filter"
    assert is_refusal(refusal, 4)


@pytest.mark.usefixtures("limit_of_three")
async def test_set_that_grows_too_large_resyncs_and_fails_all_streams(server: StreamServer) -> None:
    sessions = [await server.harness.api.start_user() for _ in range(3)]
    current, in_snapshot, overflowed = [await server.open(SET_ITEMS) for _ in range(3)]
    await next_values(current, 3)
    await next_values(in_snapshot)
    await next_values(overflowed, 3)
    (waiting,) = await await_next_values([current], 1)
    cast("SubscriberStream", overflowed.frames)._queue._max_bytes = 1
    await server.harness.api.mutate("hideSession", {"id": sessions[0]["id"]})
    await waiting
    rest = asyncio.create_task(remaining_bodies(current))
    await server.harness.api.start_user()
    bodies = [await rest, await remaining_bodies(in_snapshot), await remaining_bodies(overflowed)]
    for *_, resync, refusal in bodies:
        assert resync["data"]["activeSessions"]["__typename"] == "FeedResync"
        assert is_refusal(refusal, 4)
    assert [len(found) for found in bodies] == [2, 5, 4]
    assert len(server.streams.groups) == 0
    await server.harness.api.mutate("stopSession", {"id": sessions[0]["id"]})
    assert len(await next_values(await server.open(SET_ITEMS), 3)) == 3
