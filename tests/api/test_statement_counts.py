"""How often an operation asks the database: by what it selects, never by how much it finds."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection

from tests.api.session_inputs import MINIMAL_INPUTS
from tests.api_client import ApiClient, open_api

KEEPALIVES: Final = """mutation($inputs: [KeepaliveSessionInput!]!) {
    keepaliveSessions(inputs: $inputs) { session { id revision } problems { code } } }"""
STATS: Final = [
    *("total", "active", "visible", "seenWithin(minutes: 5)", "elapsedSeconds { mean }", "visibleSeconds { sum }"),
    *("byKind { key }", "byProject { key }", "bySubject { key }", "byPath { path }", "byEndReason { key }"),
    'series(from: "2026-05-28T20:00:00Z", to: "2026-05-28T21:00:00Z", bucketSeconds: 60) { active }',
]


@contextmanager
def statements(api: ApiClient) -> Iterator[list[str]]:
    """What is sent to the database meanwhile, for reading and for writing; the frame of transactions apart."""
    database = api.app.state.services.database
    engines = [database._reader._engine.sync_engine, database._writer._engine.sync_engine]
    sent: list[str] = []

    def record(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", record)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", record)


async def count_statements(api: ApiClient, document: str, **variables: Any) -> int:
    """How many statements an operation takes."""
    with statements(api) as sent:
        await api.execute(document, **variables)
    return len(sent)


@pytest.fixture(scope="module")
async def crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiClient]:
    """A server with 120 sessions of all kinds, each with a timeline and times on paths."""
    async with open_api(tmp_path_factory.mktemp("statements") / "test.db") as api:
        for number in range(24):
            for kind, variant in MINIMAL_INPUTS.items():
                await api.start_session(kind, variant, path=[f"page {number}"])
        await api.advance(5)
        keepalives = [{"id": id_, "path": ["elsewhere"]} for id_ in await newest_ids(api, 500)]
        await api.execute(KEEPALIVES, inputs=keepalives)
        yield api


async def newest_ids(api: ApiClient, first: int) -> list[str]:
    """The ids of the newest sessions."""
    found = await api.execute("query($first: Int) { sessions(first: $first) { nodes { id } } }", first=first)
    return [node["id"] for node in found["nodes"]]


async def test_statement_count_does_not_depend_on_page_size(
    crowd: ApiClient,
) -> None:
    document = """query($first: Int!) { sessions(first: $first) { nodes { id project { name timeouts { seconds } }
        pathTimes { path visibleSeconds } previous { id } activities(first: 2) { edges { cursor node { type data } } } }
        pageInfo { hasNextPage endCursor } } }"""
    numbers = {first: await count_statements(crowd, document, first=first) for first in (5, 50, 120)}
    # The page, its projects, their times, their activities.
    assert numbers == {5: 4, 50: 4, 120: 4}


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ("nodes { id kind state visible path metadata elapsedSeconds }", 1),
        ("edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor }", 1),
        ("totalCount", 2),
        ("totalCount nodes { id }", 2),
        ("nodes { project { id } }", 2),
        ("nodes { pathTimes { path } }", 2),
        ("nodes { previous { id } }", 1),
        ("nodes { ... on FieldSession { data { name } } }", 2),
        ("nodes { activities(first: 1) { edges { node { id } } } }", 2),
        ("nodes { project { id } pathTimes { path } } totalCount", 4),
    ],
)
async def test_only_selected_fields_are_read(crowd: ApiClient, selected: str, expected: int) -> None:
    assert await count_statements(crowd, f"{{ sessions(first: 50) {{ {selected} }} }}") == expected


@pytest.mark.parametrize("figure", STATS)
async def test_statistic_is_computed_only_if_selected(api: ApiClient, figure: str) -> None:
    assert await count_statements(api, f"{{ sessionStats {{ {figure} }} }}") == 1
    assert await count_statements(api, "{ sessionStats { __typename } }") == 0


async def test_each_statistic_takes_one_statement(api: ApiClient) -> None:
    assert await count_statements(api, f"{{ sessionStats {{ {' '.join(STATS)} }} }}") == len(STATS)


async def test_nodes_are_read_in_batches(crowd: ApiClient) -> None:
    ids = await newest_ids(crowd, 100)
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Session { project { id } } } }"
    # The sessions, the projects that are asked for by id, and those of the sessions among them.
    assert (
        await count_statements(crowd, document, ids=ids[:10]) == await count_statements(crowd, document, ids=ids) == 2
    )
    assert await count_statements(crowd, document, ids=[*ids, "default", "nothing"]) <= 3


async def test_activities_with_sessions_take_two_statements(crowd: ApiClient) -> None:
    for first in (10, 200):
        document = f"{{ activities(first: {first}) {{ edges {{ cursor node {{ type session {{ id path }} }} }} }} }}"
        assert await count_statements(crowd, document) == 2


async def test_statement_count_does_not_depend_on_number_of_keepalives(crowd: ApiClient) -> None:
    ids = await newest_ids(crowd, 100)
    few, many = ([{"id": id_, "visible": False} for id_ in chosen] for chosen in (ids[:3], ids))
    # Rows are written with one statement for all.
    assert await count_statements(crowd, KEEPALIVES, inputs=few) == await count_statements(
        crowd, KEEPALIVES, inputs=many
    )
