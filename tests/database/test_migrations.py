"""Migrations: they create the declared tables, atomically, and keep the data of earlier versions."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, create_engine

from bench.dataset.bulk_insert import bulk_insert
from bench.dataset.generate import generate_sessions
from models.clock import DAY, HOUR, MINUTE
from models.database import Transaction, open_database
from models.enums import Kind
from models.errors import DatabaseVersionError
from models.migrations import NEWEST_VERSION, migrate
from models.migrations.upgrade import alembic_config
from models.tables import METADATA
from models.tables.rows import Project, Session
from tests.api_client import EPOCH, FakeClock, open_api
from tests.factories import NOW, insert_rows, project_row, session_row
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


def test_newest_version_is_that_of_the_last_migration() -> None:
    scripts = ScriptDirectory(str(ROOT / "models" / "migrations"))
    assert scripts.get_current_head() == NEWEST_VERSION


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
    assert done.stderr.splitlines() == [f"{file} was made by a later version of this program: use that version"]


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
        command.upgrade(alembic_config(tx), "0001")
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
        command.upgrade(alembic_config(tx), "0003")
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


def create_v5_database(file: Path, rows: list[Session | Project], alive_at: int) -> None:
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as tx:
        command.upgrade(alembic_config(tx), "0005")
        insert_rows(tx, rows)
        tx.exec_driver_sql("UPDATE server SET alive_at = ?", (alive_at,))
    engine.dispose()


def form_without_timeout(**changes: Any) -> Session:
    times = {"started_at": NOW - DAY, "last_seen_at": NOW - DAY}
    return session_row(Kind.FIELD, timeout_seconds=None, **times | changes)


def read_ends(file: Path) -> dict[str, tuple[int | None, int | None, str | None, int | None, str | None]]:
    with closing(sqlite3.connect(file)) as db:
        rows = db.execute("SELECT id, timeout_seconds, expires_at, expiry_reason, due_at, end_reason FROM session")
        return {id_: tuple(values) for id_, *values in rows}


async def test_active_forms_of_version_5_get_a_timeout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, migrated_at = tmp_path / "test.db", NOW + 2000
    monkeypatch.setattr("time.time_ns", lambda: migrated_at * 1_000_000)
    form, project_form = form_without_timeout(), form_without_timeout(project_id="p")
    timed = session_row(Kind.FIELD, timeout_seconds=3600, expiry_reason="EXPIRED")
    lapsed = session_row(Kind.FIELD, timeout_seconds=30, last_seen_at=NOW - MINUTE, expiry_reason="EXPIRED")
    stopped = form_without_timeout(ended_at=NOW - HOUR, end_reason="STOPPED")
    user = session_row(Kind.USER, timeout_seconds=3600)
    project = replace(project_row("p"), timeouts={"FIELD": 60})
    create_v5_database(file, [project, form, project_form, timed, lapsed, stopped, user], alive_at=NOW)
    before = read_ends(file)
    async with open_api(file, FakeClock(migrated_at)) as api:
        after = read_ends(file)
        found = {id_: await api.session(id_, "expiresAt elapsedSeconds") for id_ in (form.id, lapsed.id, stopped.id)}
        assert (found[form.id]["state"], found[form.id]["expiresAt"]) == ("ACTIVE", "2026-05-28T20:56:42.000Z")
        assert (found[lapsed.id]["endReason"], found[stopped.id]["endReason"]) == ("EXPIRED", "STOPPED")
        assert found[form.id]["revision"] == 1
        default, own = migrated_at + 1_800_000, migrated_at + 60_000
        assert after[form.id] == (1800, default, "COMPLETED", default, None)
        assert after[project_form.id] == (60, own, "COMPLETED", own, None)
        assert after[timed.id] == (*before[timed.id][:2], "COMPLETED", *before[timed.id][3:])
        assert [after[id_] for id_ in (stopped.id, user.id)] == [before[id_] for id_ in (stopped.id, user.id)]
        await api.advance(1800)
        assert (await api.session(form.id, "elapsedSeconds"))["elapsedSeconds"] == DAY // 1000 + 1802
        await api.sweep()
        assert await api.activity_types(form.id) == ["COMPLETED"]


async def test_form_of_version_5_is_active_after_a_late_start_of_the_server(tmp_path: Path) -> None:
    file, form = tmp_path / "test.db", form_without_timeout()
    create_v5_database(file, [form], alive_at=NOW)
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as tx:
        migrate(tx)
    engine.dispose()
    _, expires_at, *_ = read_ends(file)[form.id]
    assert expires_at is not None
    async with open_api(file, FakeClock(expires_at + DAY)) as api:
        await api.advance(1799.999)
        assert (await api.session(form.id))["state"] == "ACTIVE"
        await api.advance(0.001)
        assert (await api.session(form.id))["endReason"] == "COMPLETED"


@pytest.mark.parametrize("statements", [8, 14, 17])
async def test_killed_migration_leaves_forms_as_they_were(tmp_path: Path, statements: int) -> None:
    file, form = tmp_path / "test.db", form_without_timeout()
    create_v5_database(file, [form], alive_at=NOW)
    before = read_ends(file)
    killed = await run_python("-c", CRASHING_START, str(file), str(statements))
    assert killed.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [("0005",)]
    assert read_ends(file) == before
    async with open_api(file, FakeClock(NOW + 2000)) as api:
        assert (await api.session(form.id))["state"] == "ACTIVE"
