"""Access to objects by id and to projects, and the loaders of one operation."""

from dataclasses import replace

import pytest

from models import tables
from models.database import Database, Transaction
from models.enums import Kind
from resolvers.errors import Forbidden
from resolvers.nodes import get_node, get_nodes
from resolvers.pagination.keyset import PageArgs
from resolvers.projects.service import get_project, list_projects
from tests.factories import data_point_row, insert, path_row, project_row, session_row
from tests.queries.operation_context import ADMIN, READER, WRITER, make_context
from tests.statements import capture_statements


async def test_nodes_of_other_projects_are_none(database: Database) -> None:
    hidden = session_row(project_id="p2")
    await insert(database, hidden)
    found = await get_nodes(make_context(database, READER), [hidden.id, "p2", "p1", "", "\ud800"])
    assert found == [None, None, project_row("p1"), None, None]
    with pytest.raises(Forbidden):
        await get_node(make_context(database, ADMIN), hidden.id)


async def test_projects_are_read_by_scope(database: Database) -> None:
    assert [found.id for found in (await list_projects(make_context(database, READER), PageArgs())).nodes] == ["p1"]
    page = await list_projects(make_context(database, ADMIN), PageArgs())
    assert (len(page.nodes), await page.total_count()) == (3, 3)
    assert await get_project(make_context(database, WRITER), "default") is not None
    assert await get_project(make_context(database, WRITER), "p1") is None
    with pytest.raises(Forbidden):
        await list_projects(make_context(database, WRITER), PageArgs())


async def test_path_times_and_data_points_are_sorted(database: Database) -> None:
    s = session_row(Kind.FIELD)
    times = [path_row(s, ["b"], 5), path_row(s, ["a", "c"], 5), path_row(s, ["a"], 5), path_row(s, [], 9)]
    points = [data_point_row(s, "second", 1), data_point_row(s, "first", 0), data_point_row(s, "third", 2)]
    await insert(database, s, *times, *points)
    loaders = make_context(database).loaders
    assert [time.path for time in await loaders.path_times(s.id)] == [[], ["a"], ["a", "c"], ["b"]]
    assert [point.name for point in await loaders.data_points(s.id)] == ["first", "second", "third"]
    assert await make_context(database, READER).loaders.path_times(s.id) == []
    assert await make_context(database, READER).loaders.data_points(s.id) == []


async def test_loaders_cache_rows_until_cleared(database: Database) -> None:
    await insert(database, s := session_row())
    loaders = make_context(database).loaders
    with capture_statements(database) as statements:
        assert await loaders.path_times(s.id) is await loaders.path_times(s.id)
        assert len(statements) == 1
        loaders.clear()
        await loaders.path_times(s.id)
    assert len(statements) == 2


async def test_projects_in_memory_are_shown_to_their_callers_only(database: Database) -> None:
    services = make_context(database).services
    contexts = [replace(make_context(database, caller), services=services) for caller in (ADMIN, READER, WRITER)]
    with capture_statements(database) as statements:
        shown = [await get_nodes(context, ["p1", "p2"]) for context in contexts]
    assert shown == [[project_row("p1"), project_row("p2")], [project_row("p1"), None], [None, None]]
    assert len(statements) == 1


async def test_operation_shows_one_row_of_a_project(database: Database) -> None:
    context = make_context(database)
    before = await get_project(context, "p1")
    context.services.projects.invalidate(["p1"])
    await database.write(_rename_project, "p1")
    assert await get_project(context, "p1") is before
    later = await get_project(replace(context), "p1")
    assert later is not None
    assert later.name == "renamed"


def _rename_project(tx: Transaction, project_id: str) -> None:
    tx.execute(tables.project.update().where(tables.project.c.id == project_id).values(name="renamed"))
