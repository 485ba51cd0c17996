"""Statements per operation: they depend on the selection, never on the number of rows."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest

from models.database import reader
from tests.api.session_inputs import MINIMAL_INPUTS
from tests.api_client import ApiClient, open_api
from tests.database.harness import EngineSpy
from tests.statements import Statement, capture_statements

KEEPALIVES: Final = """mutation($sessions: [KeepaliveSessionInput!]!) {
    keepaliveSessions(input: {sessions: $sessions}) { results { session { id revision } problems { code } } } }"""
PAGE: Final = "{ sessions(first: 50) { nodes { id kind state path } pageInfo { hasNextPage } } }"
STATS: Final = [
    *("total", "active", "visible", "seenWithin(minutes: 5)", "elapsedSeconds { mean }", "visibleSeconds { sum }"),
    *(
        "byKind { kind }",
        "byProject { projectId }",
        "bySubject { subject }",
        "byPath { path }",
        "byEndReason { reason }",
    ),
    *("subjects", "activeSubjects", "groupBy(field: SCHEDULE_TRACK) { value }", "recentSeries { peak }"),
    'series(from: "2026-05-28T20:00:00Z", to: "2026-05-28T21:00:00Z", bucketSeconds: 60) { active }',
]


def statements(api: ApiClient) -> AbstractContextManager[list[Statement]]:
    """Collect the statements of readers and writer."""
    return capture_statements(api.app.state.services.database, writer=True)


async def count_statements(api: ApiClient, document: str, **variables: Any) -> int:
    with statements(api) as sent:
        await api.execute(document, **variables)
    return len(sent)


@pytest.fixture(scope="module")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiClient]:
    """A server with 120 sessions of all kinds, each with activities and path times, that has read its project."""
    async with open_api(tmp_path_factory.mktemp("statements") / "test.db") as api:
        for number in range(24):
            for kind, variant in MINIMAL_INPUTS.items():
                await api.start_session(kind, variant, path=[f"page {number}"])
        await api.advance(5)
        keepalives = [{"id": id_, "path": ["elsewhere"]} for id_ in await newest_ids(api, 500)]
        await api.execute(KEEPALIVES, sessions=keepalives)
        assert await api.execute('{ project(id: "default") { id } }') is not None
        yield api


async def newest_ids(api: ApiClient, first: int) -> list[str]:
    found = await api.execute("query($first: Int) { sessions(first: $first) { nodes { id } } }", first=first)
    return [node["id"] for node in found["nodes"]]


async def test_statement_count_does_not_depend_on_page_size(filled: ApiClient) -> None:
    document = """query($first: Int!) { sessions(first: $first) { nodes { id project { name timeouts { seconds } }
        pathTimes { path visibleSeconds } previous { id } activities(first: 2) { edges { cursor node { type data } } } }
        pageInfo { hasNextPage endCursor } } }"""
    # Sessions, path times, activities.
    assert [await count_statements(filled, document, first=first) for first in (5, 50, 120)] == [3, 3, 3]


@pytest.mark.compiled
async def test_only_selected_fields_are_read(filled: ApiClient) -> None:
    for selected, expected in (
        ("nodes { id kind state visible path metadata elapsedSeconds }", 1),
        ("edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor }", 1),
        ("totalCount", 1),
        ("totalCount nodes { id }", 2),
        ("nodes { project { id } }", 1),
        ("nodes { pathTimes { path } }", 2),
        ("nodes { previous { id } }", 1),
        ("nodes { ... on FieldSession { data { name } } }", 2),
        ("nodes { activities(first: 1) { edges { node { id } } } }", 2),
        ("nodes { project { id } pathTimes { path } } totalCount", 3),
    ):
        assert await count_statements(filled, f"{{ sessions(first: 50) {{ {selected} }} }}") == expected, selected


async def test_each_selected_statistic_takes_one_statement(api: ApiClient) -> None:
    for selected in STATS:
        assert await count_statements(api, f"{{ sessionStats {{ {selected} }} }}") == 1, selected
    assert await count_statements(api, f"{{ sessionStats {{ {' '.join(STATS)} }} }}") == len(STATS)
    assert await count_statements(api, "{ sessionStats { __typename } }") == 0


async def test_nodes_are_read_in_batches(filled: ApiClient) -> None:
    ids = await newest_ids(filled, 100)
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Session { project { id } } } }"
    for some in (ids[:10], ids):
        assert await count_statements(filled, document, ids=some) == 1
    # Sessions, projects that are not in memory.
    assert await count_statements(filled, document, ids=[*ids, "default", "nothing"]) == 2


async def test_activities_with_sessions_take_two_statements(filled: ApiClient) -> None:
    for first in (10, 200):
        document = f"{{ activities(first: {first}) {{ edges {{ cursor node {{ type session {{ id path }} }} }} }} }}"
        assert await count_statements(filled, document) == 2


async def test_statement_count_does_not_depend_on_number_of_keepalives(filled: ApiClient) -> None:
    keepalives = [{"id": id_, "visible": False} for id_ in await newest_ids(filled, 100)]
    few = await count_statements(filled, KEEPALIVES, sessions=keepalives[:3])
    assert few == await count_statements(filled, KEEPALIVES, sessions=keepalives)


async def test_reads_take_one_hop_each(filled: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SLOW_SECONDS", 1000)  # or a slow machine divides a batch
    spy = EngineSpy(filled.app.state.services.database._reader._engine)
    id_ = (await newest_ids(filled, 1))[0]
    for document, expected in (
        (PAGE, 1),
        ("query($id: ID!) { session(id: $id) { id state path project { name } } }", 1),
        ("query($id: ID!) { session(id: $id) { id pathTimes { path } } }", 2),
        ("query($id: ID!) { a: session(id: $id) { id } b: node(id: $id) { id } }", 1),
    ):
        spy.begin_count = 0
        await filled.execute(document, id=id_)
        assert spy.begin_count == expected, document


async def test_writes_of_one_call_take_one_hop(filled: ApiClient) -> None:
    ids = await newest_ids(filled, 20)
    database = filled.app.state.services.database
    reading, writing = EngineSpy(database._reader._engine), EngineSpy(database._writer._thread._engine)
    await filled.execute(KEEPALIVES, sessions=[{"id": id_} for id_ in ids])
    assert (reading.begin_count, writing.begin_count, writing.commit_count) == (0, 1, 1)


async def test_session_that_is_shown_twice_is_read_once(filled: ApiClient) -> None:
    id_ = (await newest_ids(filled, 1))[0]
    document = "query($id: ID!) { a: session(id: $id) { id } b: session(id: $id) { path } c: node(id: $id) { id } }"
    assert await count_statements(filled, document, id=id_) == 1


@pytest.mark.compiled
async def test_session_by_id_reads_the_columns_that_it_shows(filled: ApiClient) -> None:
    id_ = (await newest_ids(filled, 1))[0]
    for selected, expected in (
        ("id", {"id", "kind"}),
        ("id path", {"id", "kind", "path"}),
        ("visibleSeconds previous { id }", {"id", "kind", "visible_ms", "previous_id"}),
    ):
        with statements(filled) as sent:
            await filled.execute(f"query($id: ID!) {{ session(id: $id) {{ {selected} }} }}", id=id_)
        assert set(re.findall(r"session\.(\w+)", sent[0].partition("FROM")[0])) == expected
