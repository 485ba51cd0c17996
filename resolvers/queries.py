"""Statements of the loaders: rows by id, within the caller's projects."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import Table, bindparam, select

from models import tables
from models.bounded_cache import BoundedCache
from models.database import Statement, Transaction
from models.dialect import no_index
from models.tables.rows import Activity, PathTime, Project, Session
from resolvers.access import Caller
from resolvers.filters import in_scope, scope_values
from resolvers.media.state import PlaybackState
from resolvers.pagination.sorted_list import Columns

Row = TypeVar("Row", Activity, Project, Session)
_statements: Final = BoundedCache[Any, Statement[Any]](256)
_TABLES: Final[dict[type[Any], Table]] = {
    Activity: tables.activity,
    Project: tables.project,
    Session: tables.session,
}


def read_by_id(
    tx: Transaction, caller: Caller, ids: Sequence[str], row_class: type[Row], columns: Columns = None
) -> list[Row | None]:
    """Read projects, sessions or activities in the order of their ids."""
    scoped = caller.project_ids is not None
    statement = _statements.get((row_class, columns, scoped), lambda: _by_id(row_class, columns, scoped=scoped))
    rows = {row.id: row for row in statement.rows(tx, ids=ids, **scope_values(caller))}
    return [rows.get(id_) for id_ in ids]


def read_sessions(tx: Transaction, caller: Caller, keys: Sequence[tuple[str, Columns]]) -> list[Session | None]:
    """Read sessions by id, each with at least its columns; one statement, so that equal ids show the same state."""
    column_sets = {columns for _, columns in keys}
    columns = frozenset[str]().union(*(each for each in column_sets if each is not None))
    ids = list(dict.fromkeys(id_ for id_, _ in keys))
    rows = dict(zip(ids, read_by_id(tx, caller, ids, Session, None if None in column_sets else columns), strict=True))
    return [rows[id_] for id_, _ in keys]


def read_path_times(tx: Transaction, caller: Caller, session_ids: Sequence[str]) -> list[list[PathTime]]:
    """Read the path times of each session, the longest first."""
    found: dict[str, list[PathTime]] = {session_id: [] for session_id in session_ids}
    statement = _path_times(scoped=caller.project_ids is not None)
    for time in statement.rows(tx, ids=session_ids, **scope_values(caller)):
        found[time.session_id].append(time)
    return [sorted(found[id_], key=lambda time: (-time.visible_ms, time.path)) for id_ in session_ids]


def read_media_states(tx: Transaction, caller: Caller, session_ids: Sequence[str]) -> list[PlaybackState | None]:
    """Read the playback state of each session; None for sessions without player events."""
    statement = _media_states(scoped=caller.project_ids is not None)
    rows = statement.rows(tx, ids=session_ids, **scope_values(caller))
    states = {session_id: PlaybackState.load(state) for session_id, state in rows}
    return [states.get(session_id) for session_id in session_ids]


def _by_id(row_class: type[Row], columns: Columns, *, scoped: bool) -> Statement[Row]:
    table = _TABLES[row_class]
    selected = [column for column in table.c if columns is None or column.key in columns or column is table.c.id]
    project_id = table.c.id if table is tables.project else no_index(table.c.project_id)
    has_id = table.c.id.in_(bindparam("ids", expanding=True))
    return Statement(select(*selected).where(in_scope(project_id, scoped=scoped), has_id), row_class)


@cache
def _path_times(*, scoped: bool) -> Statement[PathTime]:
    of_time = tables.path_time.c
    return _by_session(PathTime, of_time.session_id, of_time.path, of_time.visible_ms, scoped=scoped)


@cache
def _media_states(*, scoped: bool) -> Statement[tuple[Any, ...]]:
    return _by_session(None, tables.media_state.c.session_id, tables.media_state.c.state, scoped=scoped)


def _by_session(row_class: Any, session_id: Any, *columns: Any, scoped: bool) -> Statement[Any]:
    statement = (
        select(session_id, *columns)
        .join(tables.session, tables.session.c.id == session_id)
        .where(
            in_scope(no_index(tables.session.c.project_id), scoped=scoped),
            session_id.in_(bindparam("ids", expanding=True)),
        )
    )
    return Statement(statement, row_class)
