"""Projects in memory: read once, and never older than what a caller was answered."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from models.database import Database
from tests.api.session_inputs import create_project
from tests.api_client import ApiClient
from tests.statements import capture_statements

RENAME = 'mutation($name: String!) { updateProject(input: {id: "p", name: $name}) { project { name } } }'


async def rename(api: ApiClient, name: str) -> None:
    assert await api.execute(RENAME, name=name) == {"project": {"name": name}}


async def shown(api: ApiClient) -> Any:
    """Return the name of the project as a list of sessions shows it."""
    page = await api.execute('{ sessions(filter: {projectIds: ["p"]}) { nodes { project { name } } } }')
    (name,) = {node["project"]["name"] for node in page["nodes"]}
    return name


@pytest.fixture(autouse=True)
async def project(api: ApiClient) -> None:
    """Create a project with two sessions."""
    await create_project(api, "p", name="0")
    for _ in range(2):
        await api.start_user(projectId="p")


async def test_project_is_read_once_for_all_operations(api: ApiClient) -> None:
    with capture_statements(api.app.state.services.database) as statements:
        assert [await shown(api) for _ in range(3)] == ["0"] * 3
    assert [sql for sql in statements if "FROM project" in sql] == statements[1:2]


async def test_update_is_visible_to_the_next_operation(api: ApiClient) -> None:
    session = (await api.execute("{ sessions { nodes { id } } }"))["nodes"][0]
    for name in "abc":
        assert await shown(api) != name
        await rename(api, name)
        assert await shown(api) == name
        assert await api.execute('{ project(id: "p") { name } }') == {"name": name}
        assert await api.execute('{ node(id: "p") { ... on Project { name } } }') == {"name": name}
        assert (await api.session(session["id"], "project { name }"))["project"] == {"name": name}


async def test_project_that_was_not_found_is_found_once_it_exists(api: ApiClient) -> None:
    assert await api.execute('{ project(id: "later") { name } }') is None
    await create_project(api, "later")
    assert await api.execute('{ project(id: "later") { name } }') == {"name": "later"}


async def test_read_that_began_before_an_update_is_not_held(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    read, may_return, has_read = Database.read, asyncio.Event(), asyncio.Event()

    async def slow_read(database: Database, query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        found = await read(database, query, *args, **kwargs)
        has_read.set()
        await may_return.wait()
        return found

    monkeypatch.setattr(Database, "read", slow_read)
    early = asyncio.create_task(api.execute('{ project(id: "p") { name } }'))
    await has_read.wait()
    monkeypatch.undo()
    await rename(api, "new")
    may_return.set()
    assert await early == {"name": "0"}
    assert await shown(api) == "new"


async def test_concurrent_readers_see_every_update_that_was_answered(api: ApiClient) -> None:
    answered = 0

    async def update() -> None:
        nonlocal answered
        for number in range(1, 20):
            await rename(api, str(number))
            answered = number

    async def read() -> None:
        while answered < 19:
            before = answered
            assert int(await shown(api)) >= before

    await asyncio.gather(update(), *(read() for _ in range(4)))
