"""The tables: made at the first start, whole or not at all, and equal to the models."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, create_engine
from sqlalchemy.engine import Connection

from models.database import open_database
from models.enums import Kind
from models.errors import DatabaseVersionError
from models.migrations import _config
from models.tables import METADATA
from tests.api_client import EPOCH, open_api
from tests.factories import session_row
from tests.live_server import ROOT
from tests.media.player_client import PlayerClient, event_input

OLD_SESSION_ID = "s_" + "o" * 22


def schema_differences(tx: Connection) -> list[Any]:
    found: list[Any] = compare_metadata(MigrationContext.configure(tx), METADATA)
    return found


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A program, from its start to its end."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


async def test_the_migrations_make_the_tables_that_the_models_declare(tmp_path: Path) -> None:
    async with open_database(tmp_path / "test.db") as database:
        assert await database.read(schema_differences) == []
        assert await database.is_ready()


async def test_a_second_start_finds_nothing_to_do(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    identities = set()
    for _ in range(2):
        async with open_database(file):
            pass
        with closing(sqlite3.connect(file)) as db:
            identities.add(db.execute("SELECT database_id FROM server").fetchone())
    assert len(identities) == 1


async def test_a_database_of_a_later_version_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_database(file):
        pass
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseVersionError, match="later version"):
        async with open_database(file):
            pass
    done = await asyncio.to_thread(run_python, "main.py", "serve", "--port", "0", "--database", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == ["the database was made by a later version of this program; use that one"]


@pytest.mark.parametrize("statements", [1, 5, 12, 25])
async def test_a_start_that_dies_while_it_makes_the_tables_is_completed_by_the_next(
    tmp_path: Path, statements: int
) -> None:
    file = tmp_path / "test.db"
    died = await asyncio.to_thread(run_python, "-m", "tests.database.crash_process", str(file), str(statements))
    assert died.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == []
    async with open_api(file) as api:
        assert (await api.start_user())["revision"] == 1
    async with open_database(file) as database:
        assert await database.read(schema_differences) == []


def create_v1_database(file: Path) -> None:
    """A database of the first version, with the session of a player that has pinged twice."""
    row = session_row(
        Kind.MEDIA, id=OLD_SESSION_ID, started_at=EPOCH, last_seen_at=EPOCH, playhead=7.5, player_ts=EPOCH + 20_000
    )
    row.details |= {"start_ts": EPOCH, "length": 10.0}
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as tx:
        command.upgrade(_config(tx), "0001")
        session, media_event = (Table(name, MetaData(), autoload_with=tx) for name in ("session", "media_event"))
        values = {column.name: getattr(row, column.name) for column in session.columns}
        texts = {name: json.dumps(values[name]) for name in ("meta", "path", "details")}
        tx.execute(session.insert().values(values | texts))
        ping = {"session_id": OLD_SESSION_ID, "type": "PING", "digest": "0" * 64, "playhead": 7.5, "received_at": EPOCH}
        tx.execute(media_event.insert(), [ping | {"ts": EPOCH + at} for at in (10_000, 20_000)])
    engine.dispose()


async def test_a_player_of_the_first_version_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    create_v1_database(file)
    async with open_api(file) as api:
        found = PlayerClient(api, OLD_SESSION_ID)
        assert (await found.metrics())["contentSeconds"] == 0
        shown = await found.send((25, "PLAY", 8), (30, "PING", 13))
        assert (shown["metrics"]["contentSeconds"], shown["metrics"]["progressMarks"]) == (5, [10, 25, 50, 75, 95])
        late = await found.track(event_input(15, "ERROR"))
        assert [problem["code"] for problem in late["problems"]] == ["LATE_EVENT"]
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT count(*) FROM media_event").fetchone() == (5,)
