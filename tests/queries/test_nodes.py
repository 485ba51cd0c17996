"""Things by their ids, projects, and the parts of a session."""

import pytest

from models.database import Database
from models.enums import Kind
from models.ids import SESSION, new_id
from resolvers.errors import BadUserInput, Forbidden
from resolvers.nodes import get_node, get_nodes
from resolvers.pagination.keyset import PageArgs
from resolvers.projects.service import get_project, list_projects
from tests.factories import activity_row, data_point_row, insert, path_row, project_row, session_row
from tests.queries.operation_context import ADMIN, READER, WRITER, capture_statements, make_context


async def test_nodes_come_in_the_order_of_their_ids(database: Database) -> None:
    one, two = session_row(), session_row(Kind.FIELD, project_id="p1")
    entry = activity_row(two)
    await insert(database, one, two, entry)
    ids = [two.id, "p1", entry.id, "nothing", new_id(SESSION), one.id, two.id, "", "\ud800"]
    with capture_statements(database) as sent:
        found = await get_nodes(make_context(database), ids)
    names = [None if node is None else node.id for node in found]
    assert names == [two.id, "p1", entry.id, None, None, one.id, two.id, None, None]
    assert len(sent) == 3


async def test_five_hundred_nodes_are_the_most(database: Database) -> None:
    with capture_statements(database) as sent:
        assert await get_nodes(make_context(database), [new_id(SESSION) for _ in range(500)]) == [None] * 500
    assert len(sent) == 1
    with pytest.raises(BadUserInput, match="at most 500 values, not 501"):
        await get_nodes(make_context(database), ["x"] * 501)


async def test_nodes_beyond_the_wall_are_null(database: Database) -> None:
    hidden = session_row(project_id="p2")
    await insert(database, hidden)
    assert await get_nodes(make_context(database, READER), [hidden.id, "p2", "p1"]) == [None, None, project_row("p1")]
    with pytest.raises(Forbidden):
        await get_node(make_context(database, ADMIN), hidden.id)


async def test_projects_are_listed_by_id(database: Database) -> None:
    page = await list_projects(make_context(database), PageArgs(first=2))
    assert [found.id for found in page.nodes] == ["default", "p1"]
    assert (page.has_next_page, await page.total_count()) == (True, 3)
    page = await list_projects(make_context(database), PageArgs(after=page.end_cursor))
    assert [found.id for found in page.nodes] == ["p2"]
    assert [found.id for found in (await list_projects(make_context(database, READER), PageArgs())).nodes] == ["p1"]
    assert len((await list_projects(make_context(database, ADMIN), PageArgs())).nodes) == 3


async def test_a_writer_reads_its_project_by_id_and_lists_none(database: Database) -> None:
    found = await get_project(make_context(database, WRITER), "default")
    assert found is not None
    assert await get_project(make_context(database, WRITER), "p1") is None
    with pytest.raises(Forbidden):
        await list_projects(make_context(database, WRITER), PageArgs())


async def test_the_parts_of_a_session_come_in_their_order(database: Database) -> None:
    s = session_row(Kind.FIELD)
    times = [path_row(s, ["b"], 5), path_row(s, ["a", "c"], 5), path_row(s, ["a"], 5), path_row(s, [], 9)]
    points = [data_point_row(s, "second", 1), data_point_row(s, "first", 0), data_point_row(s, "third", 2)]
    await insert(database, s, *times, *points)
    loaders = make_context(database).loaders
    assert [time.path for time in await loaders.path_times(s.id)] == [[], ["a"], ["a", "c"], ["b"]]
    assert [point.name for point in await loaders.data_points(s.id)] == ["first", "second", "third"]
    assert await make_context(database, READER).loaders.path_times(s.id) == []
    assert await make_context(database, READER).loaders.data_points(s.id) == []


async def test_an_operation_reads_a_thing_once_until_it_is_told_to_forget(database: Database) -> None:
    loaders = make_context(database).loaders
    with capture_statements(database) as sent:
        assert await loaders.project("p1") is await loaders.project("p1")
        assert len(sent) == 1
        loaders.clear()
        await loaders.project("p1")
    assert len(sent) == 2
