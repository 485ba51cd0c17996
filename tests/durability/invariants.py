"""Invariants of a database file after a crash."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.durability.recording_writer import Ledger

INVARIANT_VIOLATIONS = {
    "track without session": "SELECT * FROM session_track WHERE session_id NOT IN (SELECT id FROM session)",
    "path without session": "SELECT * FROM path_time WHERE session_id NOT IN (SELECT id FROM session)",
    "point without session": "SELECT * FROM data_point WHERE session_id NOT IN (SELECT id FROM session)",
    "event without session": "SELECT * FROM media_event WHERE session_id NOT IN (SELECT id FROM session)",
    "idempotency key without session": "SELECT * FROM idempotency WHERE session_id NOT IN (SELECT id FROM session)",
    "activity without session": """SELECT * FROM activity WHERE type NOT IN ('REPLACED', 'DELETED')
        AND session_id NOT IN (SELECT id FROM session)""",
    "session without start": """SELECT id FROM session WHERE id NOT IN (
        SELECT session_id FROM activity WHERE type IN ('STARTED', 'SCHEDULED'))""",
    "end that is not once on the timeline": """SELECT id FROM session WHERE (ended_at IS NOT NULL) <> (
        SELECT count(*) FROM activity WHERE session_id = session.id AND type = end_reason)""",
    "end on the timeline of a live session": """SELECT id FROM session WHERE ended_at IS NULL AND id IN (
        SELECT session_id FROM activity WHERE type IN
        ('STOPPED', 'EXPIRED', 'STALLED', 'COMPLETED', 'CANCELLED', 'TERMINATED'))""",
    "heartbeat or move after the end": """SELECT late.session_id FROM activity AS late JOIN activity AS done
        ON done.session_id = late.session_id AND done.position < late.position
        JOIN session ON session.id = late.session_id AND session.end_reason = done.type
        WHERE late.type NOT IN ('SAVED', 'UPDATED')""",
    "ended session that is due": "SELECT id FROM session WHERE ended_at IS NOT NULL AND due_at IS NOT NULL",
    "wrong path count": """SELECT id FROM session WHERE path_count <> (
        SELECT count(*) FROM path_time WHERE session_id = session.id)""",
    "more time on paths than visible": """SELECT id FROM session WHERE visible_ms < (
        SELECT coalesce(sum(visible_ms), 0) FROM path_time WHERE session_id = session.id)""",
    "ended columns set on a live session, or missing on an ended one": """SELECT id FROM session
        WHERE (end_reason IS NULL) <> (ended_at IS NULL) OR (final_elapsed_ms IS NULL) <> (ended_at IS NULL)
        OR (ended_at IS NOT NULL AND (final_visible_ms, final_seen_at) IS NOT (visible_ms, last_seen_at))
        OR (ended_at IS NULL AND final_seen_at IS NOT NULL)""",
    "ended columns that differ from the path time": """SELECT session_id FROM path_time JOIN session ON id = session_id
        WHERE (final_ms IS NULL) <> (session.ended_at IS NULL) OR (shared IS NULL) <> (session.ended_at IS NULL)
        OR (session.ended_at IS NOT NULL AND (final_ms, path_time.project_id, path_time.kind, path_time.started_at,
            path_time.ended_at, path_time.end_reason) IS NOT (path_time.visible_ms, session.project_id, session.kind,
            session.started_at, session.ended_at, session.end_reason))""",
    "agenda item without its tracks": """SELECT id FROM session WHERE kind = 'AGENDA' AND 2 <> (
        SELECT count(*) FROM session_track WHERE session_id = session.id)""",
    "form without its points": """SELECT id FROM session WHERE kind = 'FIELD' AND 2 <> (
        SELECT count(*) FROM data_point WHERE session_id = session.id)""",
    "position used twice": "SELECT position FROM activity GROUP BY position HAVING count(*) > 1",
}
"""Statements that must find nothing, by the invariant they check."""


@contextmanager
def open_read_only(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def assert_invariants(file: Path) -> None:
    with open_read_only(file) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        found = {name: db.execute(statement).fetchall() for name, statement in INVARIANT_VIOLATIONS.items()}
    assert {what: rows for what, rows in found.items() if rows} == {}


def assert_acknowledged_stored(file: Path, ledger: Ledger) -> None:
    """Every acknowledged revision is stored; beyond it only pending ones. Resets the ledger."""
    with open_read_only(file) as db:
        revisions = dict(db.execute("SELECT id, revision FROM session"))
        ended = {id_ for (id_,) in db.execute("SELECT id FROM session WHERE end_reason IN ('STOPPED', 'CANCELLED')")}
    assert ledger.acknowledged.keys() <= revisions.keys()
    for session_id, revision in ledger.acknowledged.items():
        assert revision <= revisions[session_id] <= revision + ledger.pending[session_id]
    assert ledger.stopped <= ended
    ledger.acknowledged = revisions
    ledger.pending.clear()
