"""What is read is what is asked for: never a statement for each row."""

import asyncio
from typing import Any

import pytest

from models.database import Database
from models.enums import Kind
from resolvers.activities.service import session_activities
from resolvers.context import Context
from resolvers.pagination.keyset import PageArgs
from resolvers.sessions.service import list_sessions
from tests.factories import activity_row, insert, path_row, session_row
from tests.queries.operation_context import capture_statements, make_context


async def _fill(database: Database, number: int) -> None:
    made = [session_row(list(Kind)[index % 5], project_id=f"p{1 + index % 2}") for index in range(number)]
    await insert(database, *made, *(row for s in made for row in (activity_row(s), path_row(s, ["a"], 5))))


async def _read_whole_page(asked: Context, **page: Any) -> None:
    """A page with the project, path times and first activities of each session."""
    found = await list_sessions(asked, filter=None, order_by=[], page=PageArgs(**page))
    for s in found.nodes:
        assert s.id
    loaders = asked.loaders
    parts = [
        (
            loaders.project(s.project_id),
            loaders.path_times(s.id),
            session_activities(asked, s.id, types=None, page=PageArgs(first=3)),
        )
        for s in found.nodes
    ]
    results = await asyncio.gather(*(call for calls in parts for call in calls))
    assert all(results)


@pytest.mark.parametrize("size", [1, 50, 500])
async def test_a_page_takes_the_same_few_statements_whatever_its_size(database: Database, size: int) -> None:
    await _fill(database, size)
    with capture_statements(database) as sent:
        await _read_whole_page(make_context(database), first=size)
    # The page, projects, path times, timelines.
    assert len(sent) == 4


async def test_a_page_alone_is_one_statement_and_counting_one_more(database: Database) -> None:
    await _fill(database, 10)
    with capture_statements(database) as sent:
        page = await list_sessions(make_context(database), filter=None, order_by=[], page=PageArgs(first=3))
    assert len(sent) == 1
    with capture_statements(database) as sent:
        assert await page.total_count() == 10
    assert len(sent) == 1


async def test_a_page_from_a_cursor_looks_once_behind_it(database: Database) -> None:
    await _fill(database, 10)
    page = await list_sessions(make_context(database), filter=None, order_by=[], page=PageArgs(first=3))
    with capture_statements(database) as sent:
        await list_sessions(
            make_context(database), filter=None, order_by=[], page=PageArgs(first=3, after=page.end_cursor)
        )
    assert len(sent) == 2
