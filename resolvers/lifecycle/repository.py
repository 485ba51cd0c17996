"""Drafts from the database and back: a fixed number of statements, however many sessions change together."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from models.database import track_changes
from models.tables import activity, session, session_track
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.forms.repository import save_forms
from resolvers.lifecycle.path_times import credit_paths, finalize_paths
from resolvers.lifecycle.player_repository import save_players
from resolvers.lifecycle.unit_of_work import INDEXED_COLUMNS, SessionUnitOfWork

_ALWAYS_WRITTEN: Final = (
    "revision",
    "updated_at",
    "last_seen_at",
    "expires_at",
    "expiry_reason",
    "visible",
    "path",
    "visible_ms",
    "path_count",
    "sequence",
    "player_state",
    "playhead",
    "player_ts",
    "stall_from",
)
"""Columns that any call may change, none of them part of an index: SQLite writes the index of every column that an
UPDATE names, changed or not. What else a draft has changed joins them."""


class RevisionConflict(Exception):
    """A row was changed by somebody else since it was read; the work runs again from the start."""


def load(tx: Connection, ids: Iterable[str]) -> dict[str, SessionUnitOfWork]:
    """The sessions of these ids that there are. Whoever calls checks the caller's reach: a batch has many callers."""
    rows = tx.execute(select(session).where(session.c.id.in_(sorted(set(ids)))))
    return {row[0]: SessionUnitOfWork(Session(*row)) for row in rows}


def save(tx: Connection, units: Iterable[SessionUnitOfWork]) -> None:
    """Write what changed: rows, tracks, visible times, timeline, what players told.

    Raises:
        Outdated: a row is not as it was read.
    """
    changed = [uow for uow in units if uow.is_changed]
    credit_paths(tx, changed)
    finalize_paths(tx, [draft.session for draft in changed if draft.session.ended_at is not None])
    for columns, group in _group_by_columns(changed).items():
        _update_rows(tx, group, columns)
    if tracks := {draft.session.id: draft.tracks for draft in changed if draft.tracks is not None}:
        tx.execute(session_track.delete().where(session_track.c.session_id.in_(tracks)))
        insert_tracks(tx, tracks)
    append_activities(tx, [entry for draft in changed for entry in draft.activities])
    save_players(tx, changed)
    save_forms(tx, [draft.form for draft in changed if draft.form is not None])


def append_activities(tx: Connection, entries: list[Activity]) -> None:
    """Append to the log, in this order."""
    if entries:
        track_changes(tx, (entry.session_id for entry in entries), appended_log=True)
        columns = [column.name for column in activity.columns if column.name != "position"]
        tx.execute(activity.insert(), [{name: getattr(entry, name) for name in columns} for entry in entries])


def insert_tracks(tx: Connection, tracks: Mapping[str, Iterable[int]]) -> None:
    """Put sessions, by their ids, on tracks; one that is named twice is one."""
    rows = [{"session_id": id_, "track": track} for id_, numbers in tracks.items() for track in sorted(set(numbers))]
    if rows:
        tx.execute(session_track.insert(), rows)


def _group_by_columns(units: Iterable[SessionUnitOfWork]) -> dict[tuple[str, ...], list[SessionUnitOfWork]]:
    """Drafts by the columns that they change."""
    groups: dict[tuple[str, ...], list[SessionUnitOfWork]] = {}
    for uow in units:
        extra = uow.changed_columns.union(INDEXED_COLUMNS if uow.changes_indexed_columns else ())
        groups.setdefault((*_ALWAYS_WRITTEN, *sorted(extra)), []).append(uow)
    return groups


def _update_rows(tx: Connection, units: list[SessionUnitOfWork], columns: tuple[str, ...]) -> None:
    track_changes(tx, (uow.session.id for uow in units))
    statement = (
        session.update()
        .where(session.c.id == bindparam("of_id"), session.c.revision == bindparam("as_read"))
        .values({name: bindparam(name) for name in columns})
    )
    result = tx.execute(statement, [_row_values(draft, columns) for draft in units])
    if result.rowcount != len(units):
        raise RevisionConflict


def _row_values(uow: SessionUnitOfWork, columns: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(uow.session, name) for name in columns}
    return values | {"of_id": uow.session.id, "as_read": uow.loaded_revision}
