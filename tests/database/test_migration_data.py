"""A database of an earlier version is brought up to date with all that is in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from bench.dataset.bulk_insert import bulk_insert
from bench.dataset.generate import generate_sessions
from models import migrations
from tests.factories import NOW

TABLES = ("project", "session", "session_track", "path_time", "activity")


def create_old_database(file: Path, revision: str, source: Path) -> None:
    """A database of an earlier version, with what another one holds, as far as it knew of that."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as tx:
        command.upgrade(migrations._config(tx), revision)
        tx.exec_driver_sql("DELETE FROM project")
    engine.dispose()
    with closing(sqlite3.connect(file)) as db:
        db.execute("ATTACH ? AS source", (str(source),))
        for table in TABLES:
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            db.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM source.{table}")  # noqa: S608 - our names
        db.commit()


def dump(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the tables, column by column."""
    found = {}
    with closing(sqlite3.connect(file)) as db:
        for table in TABLES:
            columns = sorted(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            rows = db.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - our names
            found[table] = [tuple(columns), *sorted(rows, key=repr)]
    return found


def test_final_figures_are_worked_out_for_what_ended_before_they_were_kept(tmp_path: Path) -> None:
    new, old = tmp_path / "new.db", tmp_path / "old.db"
    assert list(bulk_insert(new, generate_sessions(1, 400, NOW), NOW)) == [400]
    create_old_database(old, "0003", new)
    assert dump(old) != dump(new)
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as tx:
        migrations.migrate(tx)
    engine.dispose()
    assert dump(old) == dump(new)
