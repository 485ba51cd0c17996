"""The activity log, and timelines of several sessions."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.database import Database
from models.enums import Kind
from models.tables.rows import Activity, Session
from resolvers.activities.service import list_activities, session_activities
from resolvers.errors import BadUserInput, Forbidden
from resolvers.nodes import get_node
from resolvers.pagination.keyset import Edge, Page, PageArgs
from tests.factories import activity_row, delete_all, ended_row, insert, session_row
from tests.queries.operation_context import READER, WRITER, make_context
from tests.statements import capture_statements

TYPES = ["STARTED", "HIDDEN", "SHOWN", "MOVED"]


async def page_of_log(database: Database, filter_: dict[str, Any] | None = None, **page: Any) -> Page[Activity]:
    types = page.pop("types", None)
    return await list_activities(make_context(database), filter=filter_, types=types, page=PageArgs(**page))


def types_of(page: Page[Activity]) -> list[str]:
    return [entry.type for entry in page.nodes]


@pytest.fixture
async def sessions(database: Database) -> list[Session]:
    """Store an active and an ended USER session and a MEDIA session, with twelve activities in turn."""
    rows = [session_row(subject="ann"), ended_row(subject="bob"), session_row(Kind.MEDIA)]
    await insert(database, *rows, *(activity_row(rows[index % 3], TYPES[index % 4]) for index in range(12)))
    return rows


async def test_log_has_activities_of_deleted_sessions(database: Database, sessions: list[Session]) -> None:
    gone = session_row(Kind.FIELD)
    await insert(database, activity_row(gone, "DELETED"))
    filters: list[dict[str, Any]] = [{}, {"ids": [gone.id]}, {"kinds": [Kind.FIELD], "project_ids": ["default"]}]
    for filter_ in filters:
        assert types_of(await page_of_log(database, filter_, last=1)) == ["DELETED"]
    assert types_of(await page_of_log(database, {"field": {}})) == []
    assert (await page_of_log(database, {"ids": []})).nodes == []
    assert len(sessions) == 3


async def test_log_requires_read_scope_and_project(database: Database, sessions: list[Session]) -> None:
    with pytest.raises(Forbidden):
        await list_activities(make_context(database, WRITER), filter=None, types=None, page=PageArgs())
    for filter_ in (None, {"visible": True}):
        page = await list_activities(make_context(database, READER), filter=filter_, types=None, page=PageArgs())
        assert (page.nodes, await page.total_count()) == ([], 0)
    own = await session_activities(make_context(database, READER), sessions[0].id, types=None, page=PageArgs())
    assert own.nodes == []
    entry = (await page_of_log(database, first=1)).nodes[0]
    assert await get_node(make_context(database, READER), entry.id) is None
    assert await get_node(make_context(database, WRITER), entry.id) == entry


async def test_timeline_rejects_offset(database: Database, sessions: list[Session]) -> None:
    with pytest.raises(BadUserInput, match="offset"):
        await session_activities(make_context(database), sessions[0].id, types=None, page=PageArgs(offset=1))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(TYPES)), max_size=25),
    st.none() | st.lists(st.sampled_from(TYPES), max_size=3),
    st.fixed_dictionaries({}, optional={"first": st.integers(1, 4)})
    | st.fixed_dictionaries({"last": st.integers(1, 4)}),
    st.tuples(st.integers(-1, 24), st.integers(-1, 24)),
)
async def test_timeline_page_equals_slice_of_list(
    database: Database,
    entries: list[tuple[int, str]],
    types: list[str] | None,
    page: dict[str, Any],
    between: tuple[int, int],
) -> None:
    await delete_all(database)
    rows = [session_row() for _ in range(4)]
    await insert(database, *rows, *(activity_row(rows[number], type_) for number, type_ in entries))
    edges = (await page_of_log(database, first=500)).edges
    bounds = zip(("after", "before"), between, strict=True)
    cursors: dict[str, Any] = {name: edges[index].cursor for name, index in bounds if 0 <= index < len(edges)}
    context = make_context(database)
    for s in rows:
        own = [edge for edge in edges if edge.node.session_id == s.id and (types is None or edge.node.type in types)]
        found = await session_activities(context, s.id, types=types, page=PageArgs(**page, **cursors))
        expected, has_previous, has_next = _cut(own, edges, page, cursors)
        assert _positions(found.edges) == _positions(expected)
        assert (found.has_previous_page, found.has_next_page) == (has_previous, has_next)


def _positions(edges: list[Edge[Activity]]) -> list[tuple[str, Activity]]:
    return [(edge.cursor, edge.node) for edge in edges]


def _cut(
    own: list[Any], edges: list[Any], page: dict[str, int], cursors: dict[str, str]
) -> tuple[list[Any], bool, bool]:
    positions = {edge.cursor: edge.node.position for edge in edges}
    low = positions[cursors["after"]] if "after" in cursors else 0
    high = positions[cursors["before"]] if "before" in cursors else len(edges) + 10**9
    inside = [edge for edge in own if low < edge.node.position < high]
    backwards = "last" in page or ("first" not in page and "after" not in cursors and "before" in cursors)
    size = page.get("last") or page.get("first") or 50
    cut = inside[-size:] if backwards else inside[:size]
    more = len(inside) > size
    earlier = any(edge.node.position <= low for edge in own)
    later = any(edge.node.position >= high for edge in own)
    return cut, (more and backwards) or earlier, (more and not backwards) or later


async def test_equal_timeline_pages_share_statement(database: Database, sessions: list[Session]) -> None:
    context = make_context(database)
    with capture_statements(database) as statements:
        pages = [session_activities(context, s.id, types=["STARTED"], page=PageArgs(first=2)) for s in sessions]
        await asyncio.gather(*pages)
    assert len(statements) == 1
    with capture_statements(database) as statements:
        sizes = [PageArgs(first=size) for size in (1, 2, 1)]
        calls = zip(sessions, sizes, strict=True)
        await asyncio.gather(*[session_activities(context, s.id, types=None, page=size) for s, size in calls])
    assert len(statements) == 2


async def test_page_with_joined_filter_starts_at_cursor(database: Database) -> None:
    await insert(database, *(rows := [ended_row(), ended_row()]), *(activity_row(s) for s in rows))
    first = await page_of_log(database, {"end_reasons": ["STOPPED"]}, first=1)
    for page in ({"after": first.end_cursor}, {"before": first.end_cursor}):
        found = await page_of_log(database, {"end_reasons": ["STOPPED"]}, **page)
        assert [entry.session_id for entry in found.nodes] == [s.id for s in rows[1:] if "after" in page]
        assert (found.has_previous_page, found.has_next_page) == ("after" in page, "before" in page)
