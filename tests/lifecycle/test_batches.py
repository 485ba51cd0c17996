"""Commands of one transaction: of several callers, and on rows that have changed meanwhile."""

import asyncio
from typing import Any, Final

import pytest
from sqlalchemy import update

from models.database import Transaction
from models.enums import Scope
from models.tables import session
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.context import open_context
from resolvers.lifecycle import repository
from resolvers.lifecycle.result import MutationResult
from resolvers.lifecycle.service import keepalive_session
from tests.api.session_inputs import create_project
from tests.api_client import ApiClient

WRITERS: Final = {
    project: Caller(f"t-{project}", project, frozenset({Scope.WRITE}), frozenset({project})) for project in ("a", "b")
}


async def keep_alive(api: ApiClient, *calls: tuple[Caller, str]) -> list[MutationResult]:
    """Send keepalives to sessions at the same time, so that one transaction takes them all."""

    async def send(caller: Caller, id_: str) -> MutationResult:
        async with open_context(api.app.state.services, caller) as context:
            return await keepalive_session(context, {"id": id_})

    return await asyncio.gather(*(send(*each) for each in calls))


async def start_in_projects(api: ApiClient) -> dict[str, str]:
    """Start a session in each of the projects `a` and `b`; returns their ids."""
    for project in WRITERS:
        await create_project(api, project)
    return {project: (await api.start_user(projectId=project))["id"] for project in WRITERS}


async def test_callers_in_one_transaction_reach_their_own_projects_only(api: ApiClient) -> None:
    ids = await start_in_projects(api)
    calls = [(caller, id_) for caller in (*WRITERS.values(), LOCAL_ADMIN) for id_ in ids.values()]
    results = await keep_alive(api, *calls)
    found = [result.session and result.session.project_id for result in results]
    assert found == ["a", None, None, "b", "a", "b"]


async def test_rows_that_changed_since_they_were_loaded_are_loaded_again(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [(await api.start_user(name))["id"] for name in ("ann", "bob")]
    load, loads = repository.load, 0

    def load_and_change(tx: Transaction, *arguments: Any) -> Any:
        nonlocal loads
        loads += 1
        units = load(tx, *arguments)
        if loads == 1:
            tx.execute(update(session).values(revision=session.c.revision + 1))
        return units

    monkeypatch.setattr(repository, "load", load_and_change)
    results = await keep_alive(api, *((LOCAL_ADMIN, id_) for id_ in ids))
    assert [result.session and result.session.revision for result in results] == [2, 2]
    assert loads == 3  # together, then each alone
