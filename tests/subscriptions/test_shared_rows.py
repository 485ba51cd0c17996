"""Rows that all groups share during one batch of the log: how many statements, and what no group may do to another."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest

from models.database import Database
from models.enums import Scope
from resolvers import queries
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.feed.messages import BatchRows
from resolvers.loaders import Loaders, resolved
from resolvers.projects.cache import ProjectCache
from tests.api.session_inputs import create_project
from tests.factories import NOW, session_row
from tests.garbage import finding_garbage
from tests.statements import capture_statements
from tests.subscriptions.stream_server import StreamServer, await_next_values, next_values
from tests.subscriptions.test_access import READER_OF_ONE, READER_OF_TWO
from transport.subscriptions import StreamResponse

JOINED = """subscription($filter: SessionFilter) { activeSessions(filter: $filter) { ... on SessionChange {
    change id cursor session { id project { id name } pathTimes { path } previous { id } } } } }"""
ACTIVITIES = """subscription($filter: SessionFilter) { sessionActivities(filter: $filter) {
    ... on Activity { type session { id path project { name } } } } }"""


def different(document: str, count: int) -> list[str]:
    """Return documents that select the same under other names."""
    return [document.replace("session {", f"session {{ id{number}: id") for number in range(count)]


async def open_groups(server: StreamServer, documents: Sequence[str]) -> list[StreamResponse]:
    """Open a stream for each document, each with a filter of its own that matches all users."""
    answers = [
        await server.open(document, filter={"kinds": ["USER"], "startedAfter": f"2020-01-01T00:00:{number:02}Z"})
        for number, document in enumerate(documents)
    ]
    for document, answer in zip(documents, answers, strict=True):
        if "activeSessions" in document:
            await next_values(answer)
    return answers


async def statements_of(server: StreamServer, answers: list[StreamResponse], changes: int = 1) -> int:
    """Start sessions at once, let each stream receive them, and return the number of statements."""
    waiting = await await_next_values(answers, 1)
    first = await server.harness.api.start_user("warm-up")
    await asyncio.gather(*waiting)
    waiting = await await_next_values(answers, changes)
    with capture_statements(server.harness.database) as sent:
        await asyncio.gather(*(server.harness.api.start_user(previousId=first["id"]) for _ in range(changes)))
        await asyncio.gather(*waiting)
    return len([sql for sql in sent if "FROM session" in sql or "FROM path_time" in sql or "FROM project" in sql])


@pytest.mark.parametrize("groups", [1, 8])
@pytest.mark.parametrize("vary", ["filters", "selections"])
async def test_statements_of_a_change_do_not_grow_with_groups(server: StreamServer, groups: int, vary: str) -> None:
    documents = different(JOINED, groups) if vary == "selections" else [JOINED] * groups
    answers = await open_groups(server, documents)
    assert len(server.streams.groups) == groups
    server.execution.clear()
    # Sessions of the batch, path times, previous session.
    assert await statements_of(server, answers) == 3
    executions = 1 if vary == "filters" else groups
    assert server.execution.executed == 2 * executions


async def test_changes_of_one_batch_are_read_together(server: StreamServer) -> None:
    answers = await open_groups(server, [JOINED])
    assert await statements_of(server, answers, changes=20) <= 3 * 3  # the commits of 20 starts are a few batches


@pytest.mark.parametrize("groups", [1, 8])
async def test_session_of_an_activity_needs_no_statement(server: StreamServer, groups: int) -> None:
    answers = await open_groups(server, different(ACTIVITIES, groups))
    assert await statements_of(server, answers) == 1


async def test_event_leaves_nothing_to_the_collector(server: StreamServer) -> None:
    await create_project(server.harness.api, "one")
    answers = await open_groups(server, [*different(JOINED, 2), *different(ACTIVITIES, 2)])
    for warm_up in (True, False):
        waiting = await await_next_values(answers, 1)
        with finding_garbage() as garbage:
            await server.harness.api.start_user(projectId="one")
            await asyncio.gather(*waiting)
        assert warm_up or garbage == set()


async def test_deleted_session_is_null_without_a_statement(server: StreamServer) -> None:
    session = await server.harness.api.start_user()
    answers = await open_groups(server, [JOINED])
    answers.append(await server.open(ACTIVITIES, filter={"ids": [session["id"]]}))
    waiting = await await_next_values(answers, 1)
    with capture_statements(server.harness.database) as sent:
        await server.harness.api.delete(session["id"])
        (change,), (activity,) = await asyncio.gather(*waiting)
    assert (change["change"], change["session"]) == ("REMOVED", None)
    assert activity == {"type": "DELETED", "session": None}
    assert len([sql for sql in sent if "FROM session" in sql]) == 1


async def test_groups_of_other_projects_get_only_their_own_rows(server: StreamServer) -> None:
    callers = [READER_OF_ONE, READER_OF_TWO, LOCAL_ADMIN]
    for name in ("one", "two"):
        await create_project(server.harness.api, name)
    answers = [await server.open(JOINED, caller) for caller in callers]
    logs = [await server.open(ACTIVITIES, caller) for caller in callers]
    for answer in answers:
        await next_values(answer)
    waiting = await await_next_values([answers[0], answers[1], logs[0], logs[1]], 1)
    waiting += await await_next_values([answers[2], logs[2]], 2)
    await asyncio.gather(*(server.harness.api.start_user(projectId=name) for name in ("one", "two")))
    found = await asyncio.gather(*waiting)
    shown = [sorted(value["session"]["project"]["name"] for value in values) for values in found]
    assert shown == [["one"], ["two"], ["one"], ["two"], ["one", "two"], ["one", "two"]]


async def test_rows_in_memory_are_not_found_by_other_callers(server: StreamServer) -> None:
    one, two = session_row(project_id="one"), session_row(project_id="two")
    rows = BatchRows(NOW, {one.id: one, two.id: two, "s_deleted": None})
    database, projects = server.harness.database, ProjectCache()

    async def seen(caller: Caller) -> list[Any]:
        loaders = Loaders(database, caller, projects, rows.reads(caller))
        return [await resolved(loaders.session(id_)) for id_ in (one.id, two.id, "s_deleted", "s_unknown")]

    assert await seen(READER_OF_ONE) == [one, None, None, None]
    assert await seen(READER_OF_TWO) == [None, two, None, None]
    assert await seen(LOCAL_ADMIN) == [one, two, None, None]
    callers = [READER_OF_ONE, READER_OF_TWO, LOCAL_ADMIN, Caller("", "", frozenset({Scope.WRITE}), frozenset({"one"}))]
    assert len({id(rows.reads(caller)) for caller in callers}) == len(callers)


async def test_failed_read_affects_only_fields_that_need_it(
    server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("hunter2")

    plain = JOINED.replace("pathTimes { path }", "")
    answers = await open_groups(server, [*different(JOINED, 2), plain])
    waiting = [asyncio.create_task(anext(answer.frames)) for answer in answers]
    monkeypatch.setattr(queries, "read_path_times", fail)
    await server.harness.api.start_user()
    failed, also_failed, unaffected = [orjson.loads(frame.payload) for frame in await asyncio.gather(*waiting)]
    for body in (failed, also_failed):
        (error,) = body["errors"]
        assert error["path"] == ["activeSessions", "session", "pathTimes"]
    assert "errors" not in unaffected
    monkeypatch.undo()
    assert await statements_of(server, answers) == 3


async def test_stream_that_leaves_does_not_cancel_the_reads_of_others(
    server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, started, may_return = Database.read, asyncio.Event(), asyncio.Event()

    async def slow_read(database: Database, query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if query is queries.read_path_times:
            started.set()
            await may_return.wait()
        return await read(database, query, *args, **kwargs)

    monkeypatch.setattr(Database, "read", slow_read)
    answers = await open_groups(server, different(JOINED, 3))
    waiting = await await_next_values(answers, 1)
    session = await server.harness.api.start_user()
    await started.wait()
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    await answers[0].frames.aclose()
    may_return.set()
    for (change,) in await asyncio.gather(*waiting[1:]):
        assert (change["id"], change["session"]["pathTimes"]) == (session["id"], [])
