"""Statements of the loaders: rows by id, within the caller's projects."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table, select

from models import tables
from models.database import Transaction
from models.dialect import no_index
from models.tables.rows import PathTime
from resolvers.access import Caller
from resolvers.filters import project_condition
from resolvers.media.state import PlaybackState

T = TypeVar("T")


def read_by_id(
    tx: Transaction, caller: Caller, ids: Sequence[str], table: Table, from_row: Callable[..., T]
) -> list[T | None]:
    """Read projects, sessions or activities in the order of their ids."""
    project_id = table.c.id if table is tables.project else no_index(table.c.project_id)
    statement = select(table).where(project_condition(caller, project_id), table.c.id.in_(ids))
    rows = {row.id: from_row(*row) for row in tx.execute(statement)}
    return [rows.get(id_) for id_ in ids]


def read_path_times(tx: Transaction, caller: Caller, session_ids: Sequence[str]) -> list[list[PathTime]]:
    """Read the path times of each session, the longest first."""
    found: dict[str, list[PathTime]] = {session_id: [] for session_id in session_ids}
    for row in _read_by_session(tx, caller, tables.path_time, list(tables.path_time.c), session_ids):
        found[row.session_id].append(PathTime(*row))
    return [sorted(found[id_], key=lambda time: (-time.visible_ms, time.path)) for id_ in session_ids]


def read_media_states(tx: Transaction, caller: Caller, session_ids: Sequence[str]) -> list[PlaybackState | None]:
    """Read the playback state of each session; None for sessions without player events."""
    columns = [tables.media_state.c.session_id, tables.media_state.c.state]
    rows = _read_by_session(tx, caller, tables.media_state, columns, session_ids)
    states = {session_id: PlaybackState.load(state) for session_id, state in rows}
    return [states.get(session_id) for session_id in session_ids]


def _read_by_session(
    tx: Transaction, caller: Caller, table: Table, columns: Sequence[Any], session_ids: Sequence[str]
) -> Sequence[Any]:
    statement = (
        select(*columns)
        .join(tables.session, tables.session.c.id == table.c.session_id)
        .where(project_condition(caller, no_index(tables.session.c.project_id)), table.c.session_id.in_(session_ids))
    )
    return tx.execute(statement).all()
