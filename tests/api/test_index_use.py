"""What calls do with indexes: they look up what they read, and a sign of life, which comes most often, changes none."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection

from models.database import Database
from tests.api.session_inputs import LEAST
from tests.api_client import World
from tests.media.player_client import Player
from tests.media.player_client import event as media_event


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


@contextmanager
def all_written(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that the writer executes meanwhile, each with what one row of it says."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not statement.startswith("BEGIN"):
            sent.append((statement, parameters[0] if many else parameters))

    engine = database._writer._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _plans(tx: Connection, sent: Sequence[tuple[str, Any]]) -> list[str]:
    return [row[3] for sql, parameters in sent for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]


async def test_no_call_reads_a_whole_table(world: World) -> None:
    database = world.app.state.services.database
    media, user, form, item = [
        (await world.started(kind, LEAST[kind], path=["a"]))["id"] for kind in ("media", "user", "field", "agenda")
    ]
    await world.advance(5)
    with all_written(database) as sent:
        for name in (media, user, form):
            await world.mutate("keepaliveSession", {"id": name, "path": ["b"], "visible": False})
            await world.mutate("hideSession", {"id": name, "path": ["b", "c"]})
        tell = Player(world, media)
        for at in (1, 65, 2, 3, 2):
            await tell.track(media_event(at, "ERROR"), media_event(at, "AD_START"))
        for name in (media, user, form, item):
            await world.mutate("stopSession", {"id": name})
        await world.started("field", LEAST["field"])
        await world.sweep()
    plans = await database.read(_plans, sent)
    assert len(plans) > 20
    # The server's own table has one row; what a statement itself lists has no index.
    assert [plan for plan in plans if re.match(r"SCAN (?!server|\d+ CONSTANT|CONSTANT|\()", plan)] == []
