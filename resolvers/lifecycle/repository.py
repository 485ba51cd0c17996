"""Drafts from the database and back: a fixed number of statements, however many sessions change together."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from models.database.change_tracker import note
from models.tables import activity, session, session_track
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.forms.data_points import write_forms
from resolvers.lifecycle.path_times import assign_paths, close_paths
from resolvers.lifecycle.player_repository import write_players
from resolvers.lifecycle.unit_of_work import INDEXED, Draft

_CHANGING: Final = (
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


class Outdated(Exception):
    """A row was changed by somebody else since it was read; the work runs again from the start."""


def read_drafts(tx: Connection, ids: Iterable[str]) -> dict[str, Draft]:
    """The sessions of these ids that there are. Whoever calls checks the caller's reach: a batch has many callers."""
    rows = tx.execute(select(session).where(session.c.id.in_(sorted(set(ids)))))
    return {row[0]: Draft(Session(*row)) for row in rows}


def write_drafts(tx: Connection, drafts: Iterable[Draft]) -> None:
    """Write what changed: rows, tracks, visible times, timeline, what players told.

    Raises:
        Outdated: a row is not as it was read.
    """
    changed = [draft for draft in drafts if draft.is_changed]
    assign_paths(tx, changed)
    close_paths(tx, [draft.session for draft in changed if draft.session.ended_at is not None])
    for columns, alike in _by_columns(changed).items():
        _write_rows(tx, alike, columns)
    if moved := {draft.session.id: draft.tracks for draft in changed if draft.tracks is not None}:
        tx.execute(session_track.delete().where(session_track.c.session_id.in_(moved)))
        store_tracks(tx, moved)
    record(tx, [entry for draft in changed for entry in draft.activities])
    write_players(tx, changed)
    write_forms(tx, [draft.form for draft in changed if draft.form is not None])


def record(tx: Connection, entries: list[Activity]) -> None:
    """Append to the log, in this order."""
    if entries:
        note(tx, (entry.session_id for entry in entries), logged=True)
        columns = [column.name for column in activity.columns if column.name != "position"]
        tx.execute(activity.insert(), [{name: getattr(entry, name) for name in columns} for entry in entries])


def store_tracks(tx: Connection, tracks: Mapping[str, Iterable[int]]) -> None:
    """Put sessions, by their ids, on tracks; one that is named twice is one."""
    rows = [{"session_id": id_, "track": track} for id_, of_it in tracks.items() for track in sorted(set(of_it))]
    if rows:
        tx.execute(session_track.insert(), rows)


def _by_columns(drafts: Iterable[Draft]) -> dict[tuple[str, ...], list[Draft]]:
    """Drafts by the columns that they change."""
    alike: dict[tuple[str, ...], list[Draft]] = {}
    for draft in drafts:
        more = draft.columns.union(INDEXED if draft.moves_indexes else ())
        alike.setdefault((*_CHANGING, *sorted(more)), []).append(draft)
    return alike


def _write_rows(tx: Connection, drafts: list[Draft], columns: tuple[str, ...]) -> None:
    note(tx, (draft.session.id for draft in drafts))
    statement = (
        session.update()
        .where(session.c.id == bindparam("of_id"), session.c.revision == bindparam("as_read"))
        .values({name: bindparam(name) for name in columns})
    )
    result = tx.execute(statement, [_values(draft, columns) for draft in drafts])
    if result.rowcount != len(drafts):
        raise Outdated


def _values(draft: Draft, columns: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(draft.session, name) for name in columns}
    return values | {"of_id": draft.session.id, "as_read": draft.revision}
