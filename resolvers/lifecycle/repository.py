"""Loads and saves units of work, for `service.execute_batch`, starts, due transitions and retention.

The number of statements is fixed, however many sessions change together.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, select

from models.clock import Instant
from models.database import Statement, Transaction, track_changes
from models.dialect import in_keys, no_index, upsert
from models.enums import ActivityType, Kind
from models.tables import (
    activity,
    attachment,
    idempotency,
    media_event,
    media_state,
    path_time,
    session,
    session_track,
)
from models.tables.rows import Activity, Session
from resolvers.access import Caller
from resolvers.audit.repository import append_entries
from resolvers.blobs.repository import release
from resolvers.forms.repository import save_forms
from resolvers.lifecycle.heartbeat import Path, bucket_for, possible_buckets, shared_prefix_lengths
from resolvers.lifecycle.media_player import MediaPlayer, PlayerEvent
from resolvers.lifecycle.unit_of_work import ALL_COLUMNS, LIFE_COLUMNS, SessionUnitOfWork, new_activity
from resolvers.media.reorder_buffer import ReorderBuffer
from resolvers.media.state import Event, PlaybackState, initial_state

KEYS_PER_STATEMENT: Final = 2000

MAX_COLUMN_SETS: Final = 32
"""Statements that are kept per purpose: callers choose what they are shown of a session."""


class RevisionConflict(Exception):
    """A row was changed since it was loaded. The writer retries the calls of a larger batch one by one."""


# ---- sessions ----


def load(
    tx: Transaction, requested: Sequence[tuple[Caller, str]], columns: frozenset[str]
) -> list[SessionUnitOfWork | None]:
    """Load sessions by caller and id; None for each that does not exist in its caller's projects.

    One statement, also if a batch mixes callers. Those that request the same session share its unit of work.
    """
    scopes = {caller.project_ids for caller, _ in requested}
    ids = [id_ for _, id_ in requested]
    if None in scopes:
        rows = _by_ids(columns).rows(tx, ids=sorted(set(ids)))
    else:
        projects = frozenset[str]().union(*filter(None, scopes))
        rows = _by_ids(columns, scoped=True).rows(tx, ids=sorted(set(ids)), projects=sorted(projects))
    units = {s.id: SessionUnitOfWork(s) for s in rows}
    if len(ids) > len(units):
        for id_, count in Counter(ids).items():
            if count > 1 and id_ in units:
                units[id_].is_shared = True

    def find(caller: Caller, session_id: str) -> SessionUnitOfWork | None:
        uow = units.get(session_id)
        return uow if uow is not None and caller.can_access(uow.session.project_id) else None

    return [find(*each) for each in requested]


@lru_cache(MAX_COLUMN_SETS)
def _by_ids(columns: frozenset[str], *, scoped: bool = False) -> Statement[Session]:
    statement = _select(columns).where(session.c.id.in_(bindparam("ids", expanding=True)))
    if scoped:
        statement = statement.where(no_index(session.c.project_id).in_(bindparam("projects", expanding=True)))
    return Statement(statement, Session)


def _select(columns: Iterable[str]) -> Select[Any]:
    return select(*(session.c[name] for name in sorted(columns)))


def find_session(tx: Transaction, caller: Caller, session_id: str) -> Session | None:
    (uow,) = load(tx, [(caller, session_id)], ALL_COLUMNS)
    return None if uow is None else uow.session


def load_matching(tx: Transaction, condition: ColumnElement[bool], limit: int) -> list[SessionUnitOfWork]:
    """Load the lives of sessions by a condition on their rows, the oldest first."""
    matching = _select(LIFE_COLUMNS).where(condition).order_by(session.c.started_at, session.c.id).limit(limit)
    return [SessionUnitOfWork(s) for s in Statement(matching, Session).rows(tx)]


_DUE: Final = Statement(
    _select(LIFE_COLUMNS)
    .where(session.c.due_at <= bindparam("now"))
    .order_by(session.c.due_at)
    .limit(bindparam("limit", type_=Integer)),
    Session,
)


def load_due(tx: Transaction, now: Instant, limit: int) -> list[SessionUnitOfWork]:
    """Load the lives of sessions whose `due_at` has passed, oldest first. Not all have a transition that is due."""
    return [SessionUnitOfWork(s) for s in _DUE.rows(tx, now=now, limit=limit)]


def save(tx: Transaction, units: Iterable[SessionUnitOfWork]) -> None:
    """Write what changed: path times (they set `path_count`), rows, tracks, activities, players, forms.

    Raises:
        RevisionConflict: a row is not as it was loaded.
    """
    changed = [uow for uow in units if uow.is_changed]
    if credited := [uow for uow in changed if uow.credits]:
        _credit_paths(tx, credited)
    if ended := [uow.session for uow in changed if uow.ends and uow.session.path_count]:
        _finalize_paths(tx, ended)
    if changed:
        _update_rows(tx, changed)
    if tracks := {uow.session.id: uow.tracks for uow in changed if uow.tracks is not None}:
        tx.execute(session_track.delete().where(session_track.c.session_id.in_(tracks)))
        insert_tracks(tx, tracks)
    append_activities(tx, [entry for uow in changed for entry in uow.activities])
    if entries := [uow.audit_entry for uow in changed if uow.audit_entry is not None]:
        append_entries(tx, entries)
    if players := [(uow.session.id, uow.player) for uow in changed if uow.player is not None and uow.player.new_rows]:
        _save_players(tx, players)
    if forms := [uow.form for uow in changed if uow.form is not None]:
        save_forms(tx, forms)


_INSERT: Final = Statement(session.insert().values({name: bindparam(name) for name in ALL_COLUMNS}))


def insert(tx: Transaction, uow: SessionUnitOfWork) -> None:
    """Store a new session with its tracks, data points and activities."""
    s = uow.session
    _INSERT.execute(tx, **{name: getattr(s, name) for name in ALL_COLUMNS})
    if uow.tracks is not None:
        insert_tracks(tx, {s.id: uow.tracks})
    if uow.form is not None:
        save_forms(tx, [uow.form])
    append_activities(tx, uow.activities)


def delete_sessions(tx: Transaction, sessions: Sequence[Session], reason: ActivityType, now: Instant) -> None:
    """Delete sessions with all that belongs to them, and log a tombstone (REPLACED or DELETED) for each.

    Blobs are only released: the garbage collector deletes them later.
    """
    ids = [s.id for s in sessions]
    release(tx, select(attachment.c.file_key).where(attachment.c.session_id.in_(ids)))
    tx.execute(activity.delete().where(activity.c.session_id.in_(ids)))
    tx.execute(session.delete().where(session.c.id.in_(ids)))  # dependent tables cascade
    append_activities(tx, [new_activity(s, reason, now) for s in sessions])


_POSTPONE: Final = Statement(
    session.update().where(session.c.id.in_(bindparam("ids", expanding=True))).values(due_at=session.c.expires_at)
)


def postpone_due(tx: Transaction, ids: Sequence[str]) -> None:
    """Move `due_at` of sessions whose deadline has moved since; no change of the session, so no revision."""
    _POSTPONE.execute(tx, ids=ids)


_ENTRY_COLUMNS: Final = tuple(column.name for column in activity.columns if column.name != "position")
_APPEND: Final = Statement(activity.insert().values({name: bindparam(name) for name in _ENTRY_COLUMNS}))


def append_activities(tx: Transaction, entries: Sequence[Activity]) -> None:
    if entries:
        track_changes(tx, (entry.session_id for entry in entries), [(entry.kind, entry.type) for entry in entries])
        _APPEND.execute_many(tx, [{name: getattr(entry, name) for name in _ENTRY_COLUMNS} for entry in entries])


def insert_tracks(tx: Transaction, tracks: Mapping[str, Iterable[int]]) -> None:
    rows = [{"session_id": id_, "track": number} for id_, numbers in tracks.items() for number in sorted(set(numbers))]
    if rows:
        tx.execute(session_track.insert(), rows)


def _update_rows(tx: Transaction, units: Sequence[SessionUnitOfWork]) -> None:
    track_changes(tx, (uow.session.id for uow in units))
    groups: dict[frozenset[str], list[SessionUnitOfWork]] = {}
    for uow in units:
        groups.setdefault(uow.written_columns, []).append(uow)
    for columns, group in groups.items():
        rows = [
            {name: getattr(uow.session, name) for name in columns}
            | {"key_id": uow.session.id, "loaded_revision": uow.loaded_revision}
            for uow in group
        ]
        if _update(columns).execute_many(tx, rows) != len(rows):
            raise RevisionConflict


@lru_cache(MAX_COLUMN_SETS)
def _update(columns: frozenset[str]) -> Statement[Any]:
    is_as_loaded = and_(session.c.id == bindparam("key_id"), session.c.revision == bindparam("loaded_revision"))
    return Statement(session.update().where(is_as_loaded).values({name: bindparam(name) for name in sorted(columns)}))


# ---- path times ----


_FINALIZE_PATH: Final = Statement(
    path_time.update()
    .where(path_time.c.session_id == bindparam("key_id"), path_time.c.path == bindparam("key_path"))
    .values(
        project_id=bindparam("session_project"),
        kind=bindparam("session_kind"),
        shared=bindparam("prefix_length"),
        final_ms=path_time.c.visible_ms,
        started_at=bindparam("session_started"),
        ended_at=bindparam("session_ended"),
        end_reason=bindparam("session_end_reason"),
        final_seen_at=bindparam("session_seen"),
    )
)


_PATH_KEY: Final = (path_time.c.session_id, path_time.c.path)
_KNOWN_PATHS: Final = Statement(select(*_PATH_KEY).where(in_keys(_PATH_KEY, bindparam("keys", expanding=True))))
_PATHS_OF_SESSIONS: Final = Statement(
    select(*_PATH_KEY).where(path_time.c.session_id.in_(bindparam("ids", expanding=True)))
)


@cache
def _credit(dialect: str) -> Statement[Any]:
    return Statement(upsert(dialect, path_time, key=("session_id", "path"), add_to=("visible_ms",)))


def _credit_paths(tx: Transaction, units: Sequence[SessionUnitOfWork]) -> None:
    keys = {(uow.session.id, path) for uow in units for path in possible_buckets(uow)}
    known: dict[str, set[Path]] = defaultdict(set)
    for session_id, path in _KNOWN_PATHS.rows(tx, keys=sorted(keys)):
        known[session_id].add(tuple(path))
    rows = []
    for uow in units:
        s = uow.session
        for credited_path, milliseconds in uow.credits:
            bucket = bucket_for(tuple(credited_path), known[s.id], s.path_count)
            if bucket not in known[s.id]:
                known[s.id].add(bucket)
                s.path_count += 1
            rows.append({"session_id": s.id, "path": list(bucket), "visible_ms": milliseconds})
    _credit(tx.dialect.name).execute_many(tx, rows)


def _finalize_paths(tx: Transaction, ended: Iterable[Session]) -> None:
    """Copy the path times of ended sessions to the indexed columns that statistics read."""
    sessions = {s.id: s for s in ended}
    paths: dict[str, list[Path]] = {session_id: [] for session_id in sessions}
    for session_id, path in _PATHS_OF_SESSIONS.rows(tx, ids=sorted(sessions)):
        paths[session_id].append(tuple(path))
    rows = [
        {
            "key_id": s.id,
            "key_path": list(path),
            "session_project": s.project_id,
            "session_kind": s.kind,
            "session_started": s.started_at,
            "session_ended": s.ended_at,
            "session_end_reason": s.end_reason,
            "session_seen": s.final_seen_at,
            "prefix_length": prefix_length,
        }
        for s, session_paths in ((sessions[session_id], found) for session_id, found in paths.items())
        for path, prefix_length in shared_prefix_lengths(session_paths).items()
    ]
    _FINALIZE_PATH.execute_many(tx, rows)


# ---- players ----


class _StoredPlayer:
    """A row of table `media_state`."""

    session_id: str
    events: int
    state: dict[str, Any]
    checkpoint: dict[str, Any]
    recent: list[Any]
    qoe_ts: dict[str, Instant]


_PLAYERS: Final = Statement(
    select(media_state).where(media_state.c.session_id.in_(bindparam("ids", expanding=True))), _StoredPlayer
)
_EVENT_KEY: Final = (media_event.c.session_id, media_event.c.ts, media_event.c.type, media_event.c.digest)
_RECORDED: Final = Statement(
    select(*_EVENT_KEY, media_event.c.late).where(in_keys(_EVENT_KEY, bindparam("keys", expanding=True)))
)
_RECORD: Final = Statement(media_event.insert().values({c.name: bindparam(c.name) for c in media_event.columns}))


@cache
def _save_state(dialect: str) -> Statement[Any]:
    overwritten = ("events", "state", "checkpoint", "recent", "qoe_ts")
    return Statement(upsert(dialect, media_state, key=("session_id",), overwrite=overwritten))


def load_players(tx: Transaction, events: Collection[tuple[SessionUnitOfWork, Sequence[PlayerEvent]]]) -> None:
    """Load the players of MEDIA sessions that have events, and which of those events are on record already.

    One statement for all states; further ones only for events from before the watermark.
    """
    media = {uow.session.id: uow for uow, _ in events if uow.session.kind == Kind.MEDIA}
    if not media:
        return
    player_events = {uow.session.id: new for uow, new in events}
    states = {state.session_id: state for state in _PLAYERS.rows(tx, ids=sorted(media))}
    players = {id_: _player(uow.session, states.get(id_)) for id_, uow in media.items()}
    for id_, uow in media.items():
        uow.player = players[id_]
    keys = iter(
        sorted(
            {
                (id_, *player_event.event.key)
                for id_, player in players.items()
                for player_event in player_events[id_]
                if player_event.event.ts < player.reorder_buffer.watermark
            }
        )
    )
    while chunk := list(islice(keys, KEYS_PER_STATEMENT)):
        for id_, ts, type_, digest, late in _RECORDED.rows(tx, keys=chunk):
            players[id_].reorder_buffer.late_by_key[ts, type_, digest] = late


def _player(s: Session, stored: _StoredPlayer | None) -> MediaPlayer:
    if stored is None:
        return MediaPlayer(ReorderBuffer.from_state(initial_state(s)))
    recent = [Event(*event) for event in stored.recent]
    buffer = ReorderBuffer(PlaybackState.load(stored.state), PlaybackState.load(stored.checkpoint), recent)
    return MediaPlayer(buffer, stored.events, stored.qoe_ts)


def _save_players(tx: Transaction, players: Sequence[tuple[str, MediaPlayer]]) -> None:
    _RECORD.execute_many(tx, [{"session_id": id_, **row} for id_, player in players for row in player.new_rows])
    states = [
        {
            "session_id": id_,
            "events": player.event_count,
            "state": player.reorder_buffer.state.dump(),
            "checkpoint": player.reorder_buffer.checkpoint.dump(),
            "recent": [tuple(event) for event in player.reorder_buffer.recent],
            "qoe_ts": player.qoe_ts,
        }
        for id_, player in players
    ]
    _save_state(tx.dialect.name).execute_many(tx, states)


# ---- idempotency keys and tombstones ----


@cache
def _store_key(dialect: str) -> Statement[Any]:
    key, overwritten = ("project_id", "caller_id", "key"), ("digest", "session_id", "created_at")
    return Statement(upsert(dialect, idempotency, key=key, overwrite=overwritten))


def store_idempotency_key(tx: Transaction, row: Mapping[str, Any]) -> None:
    _store_key(tx.dialect.name).execute(tx, **row)


def redirect_idempotency_keys(tx: Transaction, old_id: str, new_id: str) -> None:
    """Let keys of a replaced session return its successor."""
    tx.execute(idempotency.update().where(idempotency.c.session_id == old_id).values(session_id=new_id))


def purge_idempotency_keys(tx: Transaction, until: Instant) -> None:
    tx.execute(idempotency.delete().where(idempotency.c.created_at <= until))


def purge_tombstones(tx: Transaction, until: Instant) -> None:
    is_tombstone = activity.c.type.in_([ActivityType.REPLACED.value, ActivityType.DELETED.value])
    tx.execute(activity.delete().where(and_(is_tombstone, activity.c.at <= until)))
