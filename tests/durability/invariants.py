"""Invariants of a database file after a crash."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from resolvers.check.service import row_findings
from tests.durability.recording_writer import Ledger

HALF_WRITTEN = {
    "agenda item": """SELECT id FROM session WHERE kind = 'AGENDA' AND 2 <> (
        SELECT count(*) FROM session_track WHERE session_id = session.id)""",
    "form": """SELECT id FROM session WHERE kind = 'FIELD' AND 2 <> (
        SELECT count(*) FROM data_point WHERE session_id = session.id)""",
}
"""Statements that must find nothing: the writers' items have two tracks each, and their forms two points."""


@contextmanager
def open_read_only(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def assert_invariants(file: Path) -> None:
    """Check what `python main.py check` does."""
    with open_read_only(file) as db:
        assert list(row_findings(db, lambda *_: None)) == []


def assert_acknowledged_stored(file: Path, ledger: Ledger) -> None:
    """Every acknowledged revision is stored; beyond it only pending ones. Resets the ledger."""
    with open_read_only(file) as db:
        assert {name: rows for name, sql in HALF_WRITTEN.items() if (rows := db.execute(sql).fetchall())} == {}
        revisions = dict(db.execute("SELECT id, revision FROM session"))
        ended = {id_ for (id_,) in db.execute("SELECT id FROM session WHERE end_reason IN ('STOPPED', 'CANCELLED')")}
    assert ledger.acknowledged.keys() <= revisions.keys()
    for session_id, revision in ledger.acknowledged.items():
        assert revision <= revisions[session_id] <= revision + ledger.pending[session_id]
    assert ledger.stopped <= ended
    ledger.acknowledged = revisions
    ledger.pending.clear()
