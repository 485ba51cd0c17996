"""What a call writes besides rows: a sign of life, which comes most often, leaves every index as it is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection

from models.database import Database
from tests.operations.kinds import LEAST
from tests.world import World


@contextmanager
def written(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that change sessions meanwhile, each with what one row of it says."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith("UPDATE session "):
            sent.append((statement, parameters[0] if many else parameters))

    engine = database._writer._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _steps(tx: Connection, sent: Sequence[tuple[str, Any]]) -> list[list[str]]:
    return [[row[1] for row in tx.exec_driver_sql(f"EXPLAIN {sql}", parameters)] for sql, parameters in sent]


async def index_writes(world: World, call: str, given: dict[str, Any]) -> list[int]:
    """How many indexes each statement of a call may write to."""
    database = world.app.state.services.database
    with written(database) as sent:
        assert (await world.mutate(call, given))["problems"] == []
    return [steps.count("IdxInsert") for steps in await database.read(_steps, sent)]


@pytest.mark.parametrize("kind", LEAST)
@pytest.mark.parametrize("call", ["keepaliveSession", "hideSession"])
async def test_a_sign_of_life_changes_no_index_of_sessions(world: World, kind: str, call: str) -> None:
    session = await world.started(kind, LEAST[kind], visible=False)
    await world.advance(5)
    assert await index_writes(world, call, {"id": session["id"], "path": ["elsewhere"]}) == [0]


async def test_an_end_does(world: World) -> None:
    session = await world.user()
    (rows,) = await index_writes(world, "stopSession", {"id": session["id"]})
    assert rows > 1
