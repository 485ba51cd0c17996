"""Bulk insertion of generated sessions into a new database file."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, create_engine, event
from sqlalchemy.engine import Connection

from bench.dataset.distributions import PROJECTS
from bench.dataset.generate import GeneratedSession
from models.clock import Instant
from models.migrations import migrate
from models.tables import activity, path_time, project, server, session, session_track
from resolvers.lifecycle.heartbeat import shared_prefix_lengths

BATCH: Final = 10_000
CACHE_KIB: Final = 1024 * 1024
_SESSION_COLUMNS: Final = [column.name for column in session.columns]
_ACTIVITY_COLUMNS: Final = [column.name for column in activity.columns if column.name != "position"]
_PRAGMAS: Final = ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}", "locking_mode = EXCLUSIVE")


def bulk_insert(file: Path, sessions: Iterable[GeneratedSession], until: Instant) -> Iterator[int]:
    """Create the file, and yield the number of sessions inserted so far. The server was last alive at `until`."""
    engine = create_engine(f"sqlite:///{file}")

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    try:
        with engine.begin() as tx:
            migrate(tx)
            tx.execute(project.insert(), [_project_row(name, until) for name in PROJECTS])
            yield from _insert_all(tx, iter(sessions))
            tx.execute(server.update().values(alive_at=until))
    finally:
        engine.dispose()


def _insert_all(tx: Connection, sessions: Iterator[GeneratedSession]) -> Iterator[int]:
    stored = 0
    while batch := list(islice(sessions, BATCH)):
        _insert_batch(tx, batch)
        stored += len(batch)
        yield stored


def _insert_batch(tx: Connection, generated: list[GeneratedSession]) -> None:
    sessions = [one.uow.session for one in generated]
    _insert(tx, session, [{name: getattr(s, name) for name in _SESSION_COLUMNS} for s in sessions])
    _insert(tx, path_time, [time for one in generated for time in _path_time_rows(one)])
    entries = sorted((entry for one in generated for entry in one.uow.activities), key=lambda entry: entry.at)
    _insert(tx, activity, [{name: getattr(entry, name) for name in _ACTIVITY_COLUMNS} for entry in entries])
    tracks = [{"session_id": s.id, "track": t} for s in sessions for t in s.details.get("schedule_tracks", ())]
    _insert(tx, session_track, tracks)


def _insert(tx: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.execute(table.insert(), rows)


def _path_time_rows(one: GeneratedSession) -> Iterator[dict[str, Any]]:
    s, is_final = one.uow.session, one.uow.session.ended_at is not None
    shared = shared_prefix_lengths(tuple(path) for path, _ in one.path_times)
    for path, milliseconds in one.path_times:
        yield {
            "session_id": s.id,
            "path": path,
            "visible_ms": milliseconds,
            "project_id": s.project_id if is_final else None,
            "kind": s.kind if is_final else None,
            "shared": shared[tuple(path)] if is_final else None,
            "final_ms": milliseconds if is_final else None,
            "started_at": s.started_at if is_final else None,
            "ended_at": s.ended_at,
            "end_reason": s.end_reason,
            "final_seen_at": s.final_seen_at,
        }


def _project_row(name: str, now: Instant) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "geo_listen_enabled": False,
        "default_language": "en",
        "timeouts": {},
        "created_at": now,
        "updated_at": now,
    }
