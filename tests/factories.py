"""Rows inserted straight into a database, for states that calls would take hours to reach."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.engine import Connection

from models import session_rules, tables
from models.clock import HOUR, MINUTE, Instant
from models.database import Database
from models.enums import EndReason, Kind, State
from models.ids import ACTIVITY, SESSION, new_id
from models.kinds import KINDS
from models.tables.rows import Activity, DataPoint, PathTime, Project, Session
from resolvers.lifecycle.heartbeat import shared_prefix_lengths

NOW: Final[Instant] = 1_780_000_000_000
"""2026-05-28T20:26:40Z."""

_KIND_DEFAULTS: Final[dict[Kind, dict[str, Any]]] = {
    Kind.CLIENT: {
        "subject": "device-1",
        "client_system": "iOS 8.1",
        "demo_stream_enabled": False,
        "geo_listen_enabled": True,
        "language": "en",
        "details": {"client_type": None, "timezone": "0000"},
    },
    Kind.AGENDA: {
        "guide": 7,
        "rank": 0.0,
        "schedule_end": None,
        "details": {
            "name": "Opening",
            "description_html": None,
            "end_time": None,
            "all_day": False,
            "allow_rating": False,
            "add_to_schedule": False,
            "schedule_tracks": [],
            "locations": [],
            "require_login": False,
            "max_capacity": None,
            "waitlist": False,
            "registration_start": None,
            "registration_end": None,
        },
    },
    Kind.MEDIA: {
        "subject": "visitor-1",
        "media_id": "m-1",
        "content_type": "VOD",
        "channel": "web",
        "player_state": "STARTING",
        "playhead": 0.0,
        "details": {
            "tracking_server": "t",
            "report_suite": "r",
            "organization_id": "o",
            "media_name": None,
            "length": 100.0,
            "player_name": "p",
            "sdk_version": None,
            "resume": False,
            "params": {},
            "custom_metadata": {},
            "qoe": {},
            "start_ts": NOW,
        },
    },
    Kind.FIELD: {
        "subject": "unit-1",
        "details": {"created": NOW, "saved": NOW, "received": NOW, "timezone_offset_seconds": None},
    },
    Kind.USER: {"subject": "ann", "client_id": None, "details": {}},
}

_numbers = itertools.count()


def session_row(kind: Kind = Kind.USER, **changes: Any) -> Session:
    """Create a session that started a minute ago, visible and active, except for `changes`.

    Where they say nothing of it, `expires_at`, `expiry_reason` and `due_at` follow from the live rule; and so, where it
    has ended, does what is final.
    """
    started_at = changes.get("started_at", NOW - MINUTE)
    values: dict[str, Any] = dict.fromkeys(_column_names(tables.session))
    values |= {
        "id": new_id(SESSION),
        "kind": kind.value,
        "project_id": "default",
        "external_id": f"uuid-{next(_numbers)}" if kind == Kind.FIELD else None,
        "created_at": started_at,
        "updated_at": started_at,
        "revision": 1,
        "meta": {},
        "started_at": started_at,
        "begun": kind != Kind.AGENDA or started_at <= NOW,
        "last_seen_at": max(started_at, NOW - MINUTE) if started_at <= NOW else NOW,
        "timeout_seconds": KINDS[kind].default_timeout,
        "visible": True,
        "path": [],
        "visible_ms": 0,
        "path_count": 0,
        "stall_from": started_at if kind == Kind.MEDIA else None,
        "player_ts": started_at if kind == Kind.MEDIA else None,
        **_KIND_DEFAULTS[kind],
    }
    row = Session(**values | changes)
    _set_deadlines(row, changes)
    if row.ended_at is not None:
        row.end_reason = row.end_reason or EndReason.STOPPED.value
        row.final_elapsed_ms, row.final_visible_ms = session_rules.elapsed(row, NOW), row.visible_ms
        row.final_seen_at = row.last_seen_at
    return row


def _set_deadlines(s: Session, overrides: dict[str, Any]) -> None:
    expires_at, reason = session_rules.deadline(s)
    if "expires_at" not in overrides:
        s.expires_at = expires_at
    if "expiry_reason" not in overrides:
        s.expiry_reason = reason
    if "due_at" not in overrides and s.ended_at is None:
        s.due_at = s.expires_at if s.begun or s.expires_at is not None else s.started_at
        s.due_at = s.due_at if s.begun or s.due_at is None else min(s.due_at, s.started_at)


def ended_row(
    kind: Kind = Kind.USER, *, at: Instant = NOW - MINUTE, reason: str = "STOPPED", **changes: Any
) -> Session:
    """Create a session that started an hour ago and has ended."""
    return session_row(kind, **{"started_at": NOW - HOUR, "ended_at": at, "end_reason": reason} | changes)


def activity_row(s: Session, type_: str = "STARTED", **changes: Any) -> Activity:
    """Create an activity; it gets the next position of the log when it is inserted."""
    values: dict[str, Any] = {
        "position": None,
        "id": new_id(ACTIVITY),
        "session_id": s.id,
        "project_id": s.project_id,
        "kind": s.kind,
        "type": type_,
        "at": s.started_at,
        "client_at": None,
        "data": {},
    }
    return Activity(**values | changes)


def path_row(s: Session, path: Sequence[str], visible_ms: int) -> PathTime:
    """Create a path time; of an ended session, `shared` is computed when it is inserted."""
    is_final = s.ended_at is not None
    return PathTime(
        session_id=s.id,
        path=list(path),
        visible_ms=visible_ms,
        project_id=s.project_id if is_final else None,
        kind=s.kind if is_final else None,
        shared=None,
        final_ms=visible_ms if is_final else None,
        started_at=s.started_at if is_final else None,
        ended_at=s.ended_at,
        end_reason=s.end_reason,
        final_seen_at=s.final_seen_at,
    )


def data_point_row(s: Session, name: str, position: int, value: str = "x") -> DataPoint:
    return DataPoint(session_id=s.id, name=name, position=position, size=len(value), value=value, raw_data=None)


def project_row(id_: str) -> Project:
    return Project(
        id=id_,
        name=id_,
        geo_listen_enabled=False,
        default_language="en",
        timeouts={},
        created_at=NOW,
        updated_at=NOW,
    )


_TABLES: Final[tuple[tuple[type[Any], Table], ...]] = (
    (Project, tables.project),
    (Session, tables.session),
    (Activity, tables.activity),
    (PathTime, tables.path_time),
    (DataPoint, tables.data_point),
)


def _column_names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _set_shared_prefixes(times: Iterable[PathTime]) -> None:
    final = sorted((time for time in times if time.final_ms is not None), key=lambda time: time.session_id)
    for _, group in itertools.groupby(final, lambda time: time.session_id):
        by_path = {tuple(time.path): time for time in group}
        for path, shared in shared_prefix_lengths(by_path).items():
            by_path[path].shared = shared


def insert_rows(tx: Connection, rows: Sequence[Any]) -> None:
    """Insert rows of any table, and the tracks of sessions."""
    _set_shared_prefixes(row for row in rows if isinstance(row, PathTime))
    for row_class, table in _TABLES:
        values = [
            {name: getattr(row, name) for name in _column_names(table)} for row in rows if isinstance(row, row_class)
        ]
        if values:
            tx.execute(table.insert(), values)
    tracks = [
        {"session_id": row.id, "track": track}
        for row in rows
        if isinstance(row, Session)
        for track in set(row.details.get("schedule_tracks", ()))
    ]
    if tracks:
        tx.execute(tables.session_track.insert(), tracks)


def _delete_all(tx: Connection, _: None) -> None:
    for table in (tables.activity, tables.session):
        tx.execute(table.delete())
    tx.execute(tables.project.delete().where(tables.project.c.id != "default"))


async def insert(database: Database, *rows: Any) -> None:
    await database.write(insert_rows, rows)


async def delete_all(database: Database) -> None:
    """Delete all rows except the project `default`."""
    await database.write(_delete_all, None)


def is_active(s: Session, now: Instant = NOW) -> bool:
    return session_rules.state(s, now) == State.ACTIVE
