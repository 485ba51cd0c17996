"""Subscription documents: results of the fields, and execution of items."""

from collections.abc import AsyncIterable, Mapping
from typing import Any

import pytest
from graphql import ExecutionResult, parse, validate
from graphql.execution import Executor, create_source_event_stream

from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.subscriptions.source import Source
from schema import graphql_schema
from tests.feed_harness import FeedHarness
from tests.queries.operation_context import WRITER

ACTIVE_SESSIONS = """subscription($filter: SessionFilter, $after: String, $every: Int) {
    activeSessions(filter: $filter, after: $after, minIntervalMs: $every) {
        __typename
        ... on SessionSnapshot {
            sessions { id kind project { id } pathTimes { path } } totalCount last truncated cursor
        }
        ... on SessionChange { change id activity at cursor session { id state endReason } }
        ... on FeedResync { reason cursor }
    } }"""
SESSION_ACTIVITIES = """subscription($after: String) { sessionActivities(after: $after) {
    __typename ... on Activity { cursor type at session { id visible } data } ... on FeedResync { reason } } }"""
SESSION_STATS = "subscription($every: Int) { sessionStats(intervalMs: $every) { total active byKind { key total } } }"


async def executor_of(
    harness: FeedHarness, document: str, variables: Mapping[str, Any] | None = None, caller: Caller = LOCAL_ADMIN
) -> Executor[Any]:
    """Validate a subscription and build its executor."""
    parsed = parse(document)
    assert validate(graphql_schema, parsed) == []
    context = await harness.context(caller)
    built = Executor.build(graphql_schema, parsed, context_value=context, raw_variable_values=dict(variables or {}))
    assert isinstance(built, Executor)
    return built


async def subscribe(executor: Executor[Any]) -> Any:
    """Return the source of the field, or the result with its errors."""
    found = create_source_event_stream(executor)
    return found if isinstance(found, AsyncIterable | ExecutionResult) else await found


class Client:
    """Subscriber that executes each item."""

    def __init__(self, harness: FeedHarness, document: str, variables: Mapping[str, Any] | None = None) -> None:
        self._stage, self._document, self._variables = harness, document, variables

    async def start(self) -> list[Any]:
        self._executor = await executor_of(self._stage, self._document, self._variables)
        source = await subscribe(self._executor)
        assert isinstance(source, Source)
        self._source = source
        self._stream = await self._stage.open_stream(source)
        return [await self._execute(item.payload) for item in self._stream.received]

    async def read(self) -> list[Any]:
        return [await self._execute(payload) for payload in await self._stream.read()]

    async def _execute(self, payload: Any) -> Any:
        executor = self._executor.build_per_event_executor(payload)
        async with self._source.context() as context:
            executor.context_value = context
            result: Any = executor.execute_operation()
            result = result if isinstance(result, ExecutionResult) else await result
        assert result.errors is None, result.errors
        (value,) = result.data.values()
        return value


async def test_active_sessions_items_have_the_types_of_the_union(harness: FeedHarness) -> None:
    session = await harness.api.start_user(path=["x"])
    client = Client(harness, ACTIVE_SESSIONS)
    (snapshot,) = await client.start()
    assert snapshot == {
        "__typename": "SessionSnapshot",
        "sessions": [{"id": session["id"], "kind": "USER", "project": {"id": "default"}, "pathTimes": []}],
        "totalCount": 1,
        "last": True,
        "truncated": False,
        "cursor": snapshot["cursor"],
    }
    await harness.api.mutate("stopSession", {"id": session["id"]})
    (change,) = await client.read()
    assert change == {
        "__typename": "SessionChange",
        "change": "REMOVED",
        "id": session["id"],
        "activity": "STOPPED",
        "at": "2026-05-28T20:26:40.000Z",
        "cursor": change["cursor"],
        "session": {"id": session["id"], "state": "ENDED", "endReason": "STOPPED"},
    }
    again = Client(harness, ACTIVE_SESSIONS, {"after": snapshot["cursor"], "filter": {"visible": True}})
    resync, snapshot = await again.start()
    assert (resync["__typename"], resync["reason"]) == ("FeedResync", "the cursor is of another filter")
    assert snapshot["sessions"] == []
    assert [item["id"] for item in await Client(harness, ACTIVE_SESSIONS, {"after": change["cursor"]}).start()] == []


async def test_session_activities_items_are_activities(harness: FeedHarness) -> None:
    client = Client(harness, SESSION_ACTIVITIES)
    assert await client.start() == []
    session = await harness.api.start_user()
    await harness.api.mutate("hideSession", {"id": session["id"]})
    started, hidden = await client.read()
    assert (started["type"], hidden["type"]) == ("STARTED", "HIDDEN")
    assert started["session"] == {"id": session["id"], "visible": False}
    (again,) = await Client(harness, SESSION_ACTIVITIES, {"after": started["cursor"]}).start()
    assert again == hidden


async def test_session_stats_items_equal_the_query(harness: FeedHarness) -> None:
    await harness.api.start_user()
    (first,) = await (client := Client(harness, SESSION_STATS)).start()
    assert first == {"total": 1, "active": 1, "byKind": [{"key": "USER", "total": 1}]}
    await harness.api.start_user()
    harness.timers.advance(1)
    assert [answer["total"] for answer in await client.read()] == [2]


async def test_source_cannot_be_iterated(harness: FeedHarness) -> None:
    source = await subscribe(await executor_of(harness, SESSION_ACTIVITIES))
    with pytest.raises(TypeError, match="open and follow"):
        aiter(source)


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (ACTIVE_SESSIONS, {"filter": {"seenAfter": "2026-01-01T00:00:00Z"}}),
        (ACTIVE_SESSIONS, {"filter": {"active": False}}),
        (ACTIVE_SESSIONS, {"every": 60_001}),
        (ACTIVE_SESSIONS, {"after": "garbage"}),
        (SESSION_ACTIVITIES, {"after": "garbage"}),
        (SESSION_STATS, {"every": 999}),
    ],
)
async def test_invalid_arguments_are_errors_before_the_first_item(
    harness: FeedHarness, document: str, variables: dict[str, Any]
) -> None:
    result = await subscribe(await executor_of(harness, document, variables))
    assert isinstance(result, ExecutionResult)
    assert result.errors is not None
    assert [error.extensions for error in result.errors] == [{"code": "BAD_USER_INPUT"}]


@pytest.mark.parametrize("document", [ACTIVE_SESSIONS, SESSION_ACTIVITIES, SESSION_STATS])
async def test_caller_without_read_scope_is_refused(harness: FeedHarness, document: str) -> None:
    result = await subscribe(await executor_of(harness, document, caller=WRITER))
    assert [error.extensions for error in result.errors] == [{"code": "FORBIDDEN"}]
