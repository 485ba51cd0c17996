"""Migrations: they create the declared tables, atomically, and keep the data of earlier versions."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, create_engine

from bench.dataset.bulk_insert import bulk_insert
from bench.dataset.generate import generate_sessions
from models.database import Transaction, open_database
from models.enums import Kind
from models.errors import DatabaseVersionError
from models.migrations import _config, migrate
from models.tables import METADATA
from tests.api_client import EPOCH, open_api
from tests.factories import NOW, session_row
from tests.live_server import ROOT
from tests.media.player_client import PlayerClient, event_input

OLD_SESSION_ID: Final = "s_" + "o" * 22
BULK_TABLES: Final = ("project", "session", "session_track", "path_time", "activity")
CRASHING_START: Final = """
import asyncio, os, sys
from pathlib import Path
from sqlalchemy import Engine, event
from models.database import open_database

remaining = iter(range(int(sys.argv[2])))

@event.listens_for(Engine, "after_cursor_execute")
def count(*_):
    if next(remaining, None) is None:
        os.kill(os.getpid(), 9)

asyncio.run(open_database(Path(sys.argv[1])).__aenter__())
"""


def schema_differences(tx: Transaction) -> list[Any]:
    found: list[Any] = compare_metadata(MigrationContext.configure(tx), METADATA)
    return found


async def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    run = partial(subprocess.run, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return await asyncio.to_thread(run, command)


async def test_migrations_create_the_declared_tables_and_keep_the_id(tmp_path: Path) -> None:
    ids = set()
    for _ in range(2):
        async with open_database(tmp_path / "test.db") as database:
            assert await database.read(schema_differences) == []
            assert await database.is_ready()
            ids.add(database.database_id)
    assert len(ids) == 1


async def test_database_of_a_later_version_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_database(file):
        pass
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseVersionError, match="later version"):
        async with open_database(file):
            pass
    done = await run_python("main.py", "serve", "--port", "0", "--database", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == ["the database was made by a later version of this program; use that one"]


@pytest.mark.parametrize("statements", [1, 5, 12, 25])
async def test_killed_migration_leaves_no_tables(tmp_path: Path, statements: int) -> None:
    file = tmp_path / "test.db"
    killed = await run_python("-c", CRASHING_START, str(file), str(statements))
    assert killed.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == []
    async with open_api(file) as api:
        assert (await api.start_user())["revision"] == 1
    async with open_database(file) as database:
        assert await database.read(schema_differences) == []


def create_v1_database(file: Path) -> None:
    """Create a database of version 1 with a MEDIA session of two pings."""
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


async def test_player_of_version_1_continues(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    create_v1_database(file)
    async with open_api(file) as api:
        player = PlayerClient(api, OLD_SESSION_ID)
        assert (await player.metrics())["contentSeconds"] == 0
        shown = await player.send((25, "PLAY", 8), (30, "PING", 13))
        assert (shown["metrics"]["contentSeconds"], shown["metrics"]["progressMarks"]) == (5, [10, 25, 50, 75, 95])
        late = await player.track(event_input(15, "ERROR"))
        assert [problem["code"] for problem in late["problems"]] == ["LATE_EVENT"]
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT count(*) FROM media_event").fetchone() == (5,)


def create_v3_database(file: Path, source: Path) -> None:
    """Create a database of version 3 with the rows of another one."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as tx:
        command.upgrade(_config(tx), "0003")
        tx.exec_driver_sql("DELETE FROM project")
    engine.dispose()
    with closing(sqlite3.connect(file)) as db:
        db.execute("ATTACH ? AS source", (str(source),))
        for table in BULK_TABLES:
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            db.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM source.{table}")  # noqa: S608 - our names
        db.commit()


def dump(file: Path) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    with closing(sqlite3.connect(file)) as db:
        for table in BULK_TABLES:
            columns = sorted(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            rows = db.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - our names
            found[table] = [tuple(columns), *sorted(rows, key=repr)]
    return found


def test_migration_fills_the_final_columns_of_ended_sessions(tmp_path: Path) -> None:
    new, old = tmp_path / "new.db", tmp_path / "old.db"
    assert list(bulk_insert(new, generate_sessions(1, 400, NOW), NOW)) == [400]
    create_v3_database(old, new)
    assert dump(old) != dump(new)
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as tx:
        migrate(tx)
    engine.dispose()
    assert dump(old) == dump(new)
