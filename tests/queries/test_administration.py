"""Access to the mutations of administrators, and to the sessions of projects."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from models.database import Database
from models.enums import EndReason, Scope
from resolvers.access import Caller
from resolvers.context import Context
from resolvers.errors import Forbidden
from resolvers.lifecycle.bulk_termination import terminate_sessions
from resolvers.pagination.keyset import PageArgs
from resolvers.projects.service import delete_project
from resolvers.sessions.service import get_session, list_project_sessions
from tests.factories import insert, session_row
from tests.queries.operation_context import READER, WRITER, make_context

ADMIN_OF_ONE: Final = Caller("t4", "one", frozenset({Scope.ADMIN, Scope.READ}), frozenset({"p1"}))
ADMINISTRATION: Final[list[Callable[[Context], Awaitable[Any]]]] = [
    lambda context: terminate_sessions(context, {}, {"reason": "x"}),
    lambda context: terminate_sessions(context, {"ids": ["x"] * 501}, {"reason": ""}),
    lambda context: delete_project(context, "p1"),
    lambda context: delete_project(context, "nothing"),
]


@pytest.mark.parametrize("caller", [READER, WRITER])
@pytest.mark.parametrize("call", ADMINISTRATION)
async def test_administration_requires_admin(
    database: Database, call: Callable[[Context], Awaitable[Any]], caller: Caller
) -> None:
    with pytest.raises(Forbidden):
        await call(make_context(database, caller))


async def test_administrator_ends_sessions_of_own_projects_only(database: Database) -> None:
    own, other = session_row(project_id="p1"), session_row(project_id="p2")
    await insert(database, own, other)
    context = make_context(database, ADMIN_OF_ONE)
    result = await terminate_sessions(context, {"project_ids": ["p1", "p2"]}, {"reason": "x"})
    assert result.count == 1
    for row, reason in ((own, EndReason.TERMINATED), (other, None)):
        found = await get_session(make_context(database), row.id)
        assert found is not None
        assert found.end_reason == reason


async def test_project_of_others_is_not_found_and_its_sessions_are_not_listed(database: Database) -> None:
    await insert(database, session_row(project_id="p2"))
    context = make_context(database, ADMIN_OF_ONE)
    (problem,) = (await delete_project(context, "p2")).problems
    assert problem.code == "NOT_FOUND"
    page = await list_project_sessions(context, "p2", filter={}, order_by=(), page=PageArgs())
    assert (page.nodes, await page.total_count()) == ([], 0)
