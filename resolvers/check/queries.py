"""Rules that the rows of a database keep, as statements that select the rows that break them."""

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from models import tables
from models.json import JsonText
from models.migrations import NEWEST_VERSION
from models.session_rules import elapsed_sql, is_ended_sql

EXAMPLES: Final = 3
MAX_DAMAGE: Final = 100
"""Lines of SQLite about damaged pages."""

_ENDS: Final = "'STOPPED', 'EXPIRED', 'STALLED', 'COMPLETED', 'CANCELLED', 'TERMINATED'"
_JSON_COLUMNS: Final = [
    (table.name, table.primary_key.columns[0].name, column.name)
    for table in tables.METADATA.sorted_tables
    for column in table.columns
    if isinstance(column.type, JsonText)
]
_FINAL_ELAPSED: Final = select(tables.session.c.id).where(
    is_ended_sql(indexed=False), tables.session.c.final_elapsed_ms != elapsed_sql(0)
)


class Rule(NamedTuple):
    finding: str
    """What the rows are that break the rule."""
    statement: str
    """Selects a column that names them."""


RULES: Final = (
    # ---- rows of nothing ----
    *(
        Rule(
            f"rows of {table} that belong to no session",
            f"SELECT session_id FROM {table} WHERE session_id NOT IN (SELECT id FROM session)",  # noqa: S608 - our names
        )
        for table in ("session_track", "path_time", "data_point", "media_event", "media_state")
    ),
    Rule(
        "attachments of no data point",
        "SELECT id FROM attachment WHERE (session_id, name) NOT IN (SELECT session_id, name FROM data_point)",
    ),
    Rule(
        "idempotency keys of sessions that never existed",
        """SELECT key FROM idempotency WHERE session_id NOT IN (SELECT id FROM session)
        AND session_id NOT IN (SELECT session_id FROM activity WHERE type = 'DELETED')""",
    ),
    Rule(
        "entries of the log that belong to no session",
        """SELECT id FROM activity WHERE type NOT IN ('REPLACED', 'DELETED')
        AND session_id NOT IN (SELECT id FROM session)""",
    ),
    Rule("sessions of no project", "SELECT id FROM session WHERE project_id NOT IN (SELECT id FROM project)"),
    # ---- the log ----
    Rule(
        "sessions in the log as deleted or replaced that exist",
        """SELECT session_id FROM activity WHERE type IN ('REPLACED', 'DELETED')
        AND session_id IN (SELECT id FROM session)""",
    ),
    Rule(
        "entries of the log with another project or kind than their session",
        """SELECT activity.id FROM activity JOIN session ON session.id = session_id
        WHERE (activity.project_id, activity.kind) <> (session.project_id, session.kind)""",
    ),
    *(
        Rule(
            f"positions of {table} that will be assigned again, so that readers miss entries",
            f"""SELECT position FROM {table} WHERE position > coalesce(
            (SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0)""",  # noqa: S608 - our names
        )
        for table in ("activity", "audit_entry")
    ),
    Rule(
        "sessions without a start in the log",
        """SELECT id FROM session
        WHERE id NOT IN (SELECT session_id FROM activity WHERE type IN ('STARTED', 'SCHEDULED'))
        OR (begun AND id NOT IN (SELECT session_id FROM activity WHERE type = 'STARTED'))""",
    ),
    Rule(
        "ended sessions whose end is not in the log exactly once",
        """SELECT id FROM session WHERE ended_at IS NOT NULL AND 1 <> (
        SELECT count(*) FROM activity WHERE session_id = session.id AND type = end_reason)""",
    ),
    Rule(
        "live sessions with an end in the log",
        f"""SELECT id FROM session WHERE ended_at IS NULL
        AND id IN (SELECT session_id FROM activity WHERE type IN ({_ENDS}))""",  # noqa: S608 - our names
    ),
    Rule(
        "sessions that did something after their end",
        """SELECT late.session_id FROM activity AS late JOIN activity AS done
        ON done.session_id = late.session_id AND done.position < late.position
        JOIN session ON session.id = late.session_id AND session.end_reason = done.type
        WHERE late.type NOT IN ('SAVED', 'UPDATED')""",
    ),
    # ---- deadlines ----
    Rule(
        "ended sessions that the sweeper would check",
        "SELECT id FROM session WHERE ended_at IS NOT NULL AND due_at IS NOT NULL",
    ),
    Rule(
        "live sessions that the sweeper would never check, or too late",
        """SELECT id FROM session WHERE ended_at IS NULL AND (
        (expires_at IS NOT NULL AND (due_at IS NULL OR due_at > expires_at))
        OR (NOT begun AND (due_at IS NULL OR due_at > started_at)))""",
    ),
    Rule(
        "deadlines without a reason, or the reverse",
        "SELECT id FROM session WHERE ended_at IS NULL AND (expires_at IS NULL) <> (expiry_reason IS NULL)",
    ),
    # ---- counters and copies ----
    Rule(
        "sessions whose number of paths is wrong",
        """SELECT id FROM session WHERE path_count <> (
        SELECT count(*) FROM path_time WHERE session_id = session.id)""",
    ),
    Rule(
        "sessions whose visible time is not the sum of that on their paths",
        """SELECT id FROM session WHERE visible_ms <> (
        SELECT coalesce(sum(visible_ms), 0) FROM path_time WHERE session_id = session.id)""",
    ),
    Rule(
        "sessions whose final figures are missing, wrong, or there before the end",
        """SELECT id FROM session WHERE (end_reason IS NULL) <> (ended_at IS NULL)
        OR (final_elapsed_ms IS NULL) <> (ended_at IS NULL)
        OR (ended_at IS NOT NULL AND (final_visible_ms, final_seen_at) IS NOT (visible_ms, last_seen_at))
        OR (ended_at IS NULL AND (final_seen_at, final_visible_ms) IS NOT (NULL, NULL))""",
    ),
    Rule(
        "ended sessions whose final duration is wrong",
        str(_FINAL_ELAPSED.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})),
    ),
    Rule(
        "path times whose copies of their session are missing, wrong, or there before the end",
        """SELECT session_id FROM path_time JOIN session ON id = session_id
        WHERE (final_ms IS NULL) <> (session.ended_at IS NULL) OR (shared IS NULL) <> (session.ended_at IS NULL)
        OR (session.ended_at IS NOT NULL AND (final_ms, path_time.project_id, path_time.kind, path_time.started_at,
            path_time.ended_at, path_time.end_reason, path_time.final_seen_at) IS NOT (path_time.visible_ms,
            session.project_id, session.kind, session.started_at, session.ended_at, session.end_reason,
            session.final_seen_at))""",
    ),
    Rule(
        "agenda items with other tracks than they show",
        """SELECT id FROM session WHERE kind = 'AGENDA' AND (
        SELECT group_concat(track) FROM (SELECT track FROM session_track WHERE session_id = session.id ORDER BY track)
        ) IS NOT (
        SELECT group_concat(value) FROM (
            SELECT DISTINCT value FROM json_each(session.details, '$.schedule_tracks') ORDER BY value))""",
    ),
    Rule(
        "playbacks whose number of events is wrong",
        """SELECT session_id FROM media_state WHERE (events, events) IS NOT (
        SELECT count(*), max(number) FROM media_event WHERE session_id = media_state.session_id AND number > 0)""",
    ),
    Rule(
        "playbacks with events and without a state",
        "SELECT DISTINCT session_id FROM media_event WHERE number > 0 "
        "AND session_id NOT IN (SELECT session_id FROM media_state)",
    ),
    # ---- files ----
    Rule(
        "data points that are not exactly one of text, bytes and file",
        """SELECT session_id FROM data_point WHERE 1 <> (value IS NOT NULL) + (raw_data IS NOT NULL) + (
        SELECT count(*) FROM attachment WHERE session_id = data_point.session_id AND name = data_point.name)""",
    ),
    Rule(
        "data points whose size is wrong",
        """SELECT session_id FROM data_point WHERE size IS NOT coalesce(length(CAST(value AS BLOB)), length(raw_data), (
        SELECT stored_file.size FROM attachment JOIN stored_file ON key = file_key
        WHERE session_id = data_point.session_id AND name = data_point.name))""",
    ),
    Rule(
        "attachments whose file is being deleted, or has no row",
        "SELECT id FROM attachment WHERE file_key NOT IN (SELECT key FROM stored_file WHERE NOT condemned)",
    ),
    Rule(
        "files that nothing refers to and that will not be collected",
        "SELECT key FROM stored_file WHERE NOT loose AND key NOT IN (SELECT file_key FROM attachment)",
    ),
    # ---- values ----
    *(
        Rule(
            f"values in {table}.{column} that are not JSON",
            f"SELECT {key} FROM {table} WHERE {column} IS NOT NULL AND NOT json_valid({column})",  # noqa: S608 - our names
        )
        for table, key, column in _JSON_COLUMNS
    ),
    Rule("databases without their one row in table server", "SELECT 1 WHERE (SELECT count(*) FROM server) <> 1"),
)


class Blob(NamedTuple):
    size: int
    is_referenced: bool


def version_problem(db: sqlite3.Connection) -> str | None:
    """Return why the rules do not apply to a database; null: they do."""
    if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]:
        return "is not a database of this program"
    found = db.execute("SELECT version_num FROM alembic_version").fetchall()
    is_current = [version for (version,) in found] == [NEWEST_VERSION]
    return None if is_current else "has tables of another version: run `python main.py migrate`"


def table_names(db: sqlite3.Connection) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def damage(db: sqlite3.Connection, table: str | None = None) -> list[str]:
    """Return what SQLite finds wrong in the pages of the file, or of one table and its indexes."""
    found = [text for (text,) in db.execute(f"PRAGMA integrity_check({table or MAX_DAMAGE})")]
    return [] if found == ["ok"] else [line for text in found for line in text.splitlines()]


def broken_references(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the tables of each row whose foreign key refers to no row, and of that row."""
    return [(table, parent) for table, _, parent, _ in db.execute("PRAGMA foreign_key_check")]


def violations(db: sqlite3.Connection, rule: Rule) -> tuple[int, list[str]]:
    """Return how many rows break a rule, and which are the first ones."""
    found = db.execute(rule.statement)
    first = [str(row[0]) for row in found.fetchmany(EXAMPLES)]
    return len(first) + sum(1 for _ in found), first


def final_paths(db: sqlite3.Connection) -> Iterator[tuple[str, str, int]]:
    """Read session, path and shared prefix of the path times of ended sessions, session by session."""
    return db.execute("SELECT session_id, path, shared FROM path_time WHERE final_ms IS NOT NULL ORDER BY session_id")


def blobs(db: sqlite3.Connection) -> dict[str, Blob]:
    """Read the files that have a row, by key."""
    statement = "SELECT key, size, key IN (SELECT file_key FROM attachment) FROM stored_file"
    return {key: Blob(size, bool(is_referenced)) for key, size, is_referenced in db.execute(statement)}
