"""Puts sessions into a new file by the ten thousand; nothing else may use it meanwhile."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, create_engine, event
from sqlalchemy.engine import Connection

from bench.dataset.distributions import PROJECTS
from bench.dataset.generate import Life
from models.clock import Instant
from models.migrations import migrate
from models.tables import activity, path_time, project, server, session, session_track
from resolvers.lifecycle.path_times import shared_segments

BATCH: Final = 10_000
CACHE_KIB: Final = 1024 * 1024
_SESSION: Final = [column.name for column in session.columns]
_ACTIVITY: Final = [column.name for column in activity.columns if column.name != "position"]
_PRAGMAS: Final = ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}", "locking_mode = EXCLUSIVE")


def fill(file: Path, made: Iterable[Life], until: Instant) -> Iterator[int]:
    """Makes the file with these sessions, telling how many are in. A server finds that it was away since `until`."""
    engine = create_engine(f"sqlite:///{file}")

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    try:
        with engine.begin() as tx:
            migrate(tx)
            tx.execute(project.insert(), [_project(name, until) for name in PROJECTS])
            yield from _store_all(tx, iter(made))
            tx.execute(server.update().values(alive_at=until))
    finally:
        engine.dispose()


def _store_all(tx: Connection, made: Iterator[Life]) -> Iterator[int]:
    stored = 0
    while batch := list(islice(made, BATCH)):
        _store(tx, batch)
        stored += len(batch)
        yield stored


def _store(tx: Connection, made: list[Life]) -> None:
    sessions = [life.draft.session for life in made]
    _insert(tx, session, [{name: getattr(s, name) for name in _SESSION} for s in sessions])
    _insert(tx, path_time, [time for life in made for time in _times(life)])
    entries = sorted((entry for life in made for entry in life.draft.activities), key=lambda entry: entry.at)
    _insert(tx, activity, [{name: getattr(entry, name) for name in _ACTIVITY} for entry in entries])
    tracks = [{"session_id": s.id, "track": t} for s in sessions for t in s.details.get("schedule_tracks", ())]
    _insert(tx, session_track, tracks)


def _insert(tx: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.execute(table.insert(), rows)


def _times(life: Life) -> Iterator[dict[str, Any]]:
    s, is_final = life.draft.session, life.draft.session.ended_at is not None
    shared = shared_segments(tuple(path) for path, _ in life.times)
    for path, milliseconds in life.times:
        yield {
            "session_id": s.id,
            "path": path,
            "visible_ms": milliseconds,
            "project_id": s.project_id if is_final else None,
            "kind": s.kind if is_final else None,
            "shared": shared[tuple(path)] if is_final else None,
            "final_ms": milliseconds if is_final else None,
        }


def _project(name: str, now: Instant) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "geo_listen_enabled": False,
        "default_language": "en",
        "timeouts": {},
        "created_at": now,
        "updated_at": now,
    }
