"""What a database file itself says: every acknowledged change is there, and nothing by halves."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.durability.recording_writer import Ledger

INVARIANT_VIOLATIONS = {
    "track of nobody": "SELECT * FROM session_track WHERE session_id NOT IN (SELECT id FROM session)",
    "path of nobody": "SELECT * FROM path_time WHERE session_id NOT IN (SELECT id FROM session)",
    "point of nobody": "SELECT * FROM data_point WHERE session_id NOT IN (SELECT id FROM session)",
    "event of nobody": "SELECT * FROM media_event WHERE session_id NOT IN (SELECT id FROM session)",
    "key of nobody": "SELECT * FROM idempotency WHERE session_id NOT IN (SELECT id FROM session)",
    "activity of nobody": """SELECT * FROM activity WHERE type NOT IN ('REPLACED', 'DELETED')
        AND session_id NOT IN (SELECT id FROM session)""",
    "session that never began": """SELECT id FROM session WHERE id NOT IN (
        SELECT session_id FROM activity WHERE type IN ('STARTED', 'SCHEDULED'))""",
    "end that its timeline does not have once": """SELECT id FROM session WHERE (ended_at IS NOT NULL) <> (
        SELECT count(*) FROM activity WHERE session_id = session.id AND type = end_reason)""",
    "end of a session that goes on": """SELECT id FROM session WHERE ended_at IS NULL AND id IN (
        SELECT session_id FROM activity WHERE type IN
        ('STOPPED', 'EXPIRED', 'STALLED', 'COMPLETED', 'CANCELLED', 'TERMINATED'))""",
    "paths counted wrong": """SELECT id FROM session WHERE path_count <> (
        SELECT count(*) FROM path_time WHERE session_id = session.id)""",
    "more time on paths than visible": """SELECT id FROM session WHERE visible_ms < (
        SELECT coalesce(sum(visible_ms), 0) FROM path_time WHERE session_id = session.id)""",
    "final figures of a session that goes on, or none of one that is over": """SELECT id FROM session
        WHERE (end_reason IS NULL) <> (ended_at IS NULL) OR (final_elapsed_ms IS NULL) <> (ended_at IS NULL)
        OR (ended_at IS NOT NULL AND (final_visible_ms, final_seen_at) IS NOT (visible_ms, last_seen_at))
        OR (ended_at IS NULL AND final_seen_at IS NOT NULL)""",
    "final figures that are not those of the path": """SELECT session_id FROM path_time JOIN session ON id = session_id
        WHERE (final_ms IS NULL) <> (ended_at IS NULL) OR (shared IS NULL) <> (ended_at IS NULL)
        OR (ended_at IS NOT NULL AND (final_ms, path_time.project_id, path_time.kind)
        IS NOT (path_time.visible_ms, session.project_id, session.kind))""",
    "item without its tracks": """SELECT id FROM session WHERE kind = 'AGENDA' AND 2 <> (
        SELECT count(*) FROM session_track WHERE session_id = session.id)""",
    "form without its points": """SELECT id FROM session WHERE kind = 'FIELD' AND 2 <> (
        SELECT count(*) FROM data_point WHERE session_id = session.id)""",
    "position used twice": "SELECT position FROM activity GROUP BY position HAVING count(*) > 1",
}
"""What must not be found, each with the statement that looks for it."""


@contextmanager
def open_read_only(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def assert_invariants(file: Path) -> None:
    """The file is sound and holds no half of anything."""
    with open_read_only(file) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        found = {name: db.execute(statement).fetchall() for name, statement in INVARIANT_VIOLATIONS.items()}
    assert {what: rows for what, rows in found.items() if rows} == {}


def assert_acknowledged_stored(file: Path, ledger: Ledger) -> None:
    """Every acknowledged revision is there; beyond it at most what was under way. From here on that is the truth."""
    with open_read_only(file) as db:
        revisions = dict(db.execute("SELECT id, revision FROM session"))
        ended = {id_ for (id_,) in db.execute("SELECT id FROM session WHERE end_reason IN ('STOPPED', 'CANCELLED')")}
    assert ledger.acknowledged.keys() <= revisions.keys()
    for session_id, revision in ledger.acknowledged.items():
        assert revision <= revisions[session_id] <= revision + ledger.pending[session_id]
    assert ledger.stopped <= ended
    ledger.acknowledged = revisions
    ledger.pending.clear()
