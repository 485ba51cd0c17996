"""Rows in memory, generated from the tables by `python -m models.tables.generate_rows`.

The fields stand in the order of the columns, so `Session(*row)` reads a row of `select(session)`. Instances of SQLModel
are instrumented: creating one takes longer than all other work on a row.
"""

from dataclasses import dataclass
from typing import Any

from models.clock import Instant


@dataclass(slots=True)
class Activity:
    position: int | None
    id: str
    session_id: str
    project_id: str
    kind: str
    type: str
    at: Instant
    client_at: Instant | None
    data: Any


@dataclass(slots=True)
class AuditEntry:
    position: int | None
    id: str
    at: Instant
    action: str
    actor_id: str | None
    actor_name: str
    target_id: str | None
    project_id: str | None
    details: Any


@dataclass(slots=True)
class DataPoint:
    session_id: str
    name: str
    position: int
    size: int
    value: str | None
    raw_data: bytes | None


@dataclass(slots=True)
class PathTime:
    session_id: str
    path: list[str]
    visible_ms: int
    project_id: str | None
    kind: str | None
    shared: int | None
    final_ms: int | None
    started_at: Instant | None
    ended_at: Instant | None
    end_reason: str | None
    final_seen_at: Instant | None


@dataclass(slots=True)
class Project:
    id: str
    name: str
    geo_listen_enabled: bool
    default_language: str
    timeouts: dict[str, int]
    created_at: Instant
    updated_at: Instant


@dataclass(slots=True)
class Session:
    id: str
    kind: str
    project_id: str
    external_id: str | None
    subject: str | None
    previous_id: str | None
    created_at: Instant
    updated_at: Instant
    revision: int
    meta: Any
    started_at: Instant
    begun: bool
    last_seen_at: Instant
    timeout_seconds: int | None
    expires_at: Instant | None
    expiry_reason: str | None
    due_at: Instant | None
    ended_at: Instant | None
    end_reason: str | None
    final_elapsed_ms: int | None
    final_visible_ms: int | None
    final_seen_at: Instant | None
    visible: bool
    path: list[str]
    visible_ms: int
    path_count: int
    sequence: int | None
    client_system: str | None
    demo_stream_enabled: bool | None
    geo_listen_enabled: bool | None
    language: str | None
    guide: int | None
    rank: float | None
    schedule_end: Instant | None
    media_id: str | None
    content_type: str | None
    channel: str | None
    player_state: str | None
    playhead: float | None
    player_ts: Instant | None
    stall_from: Instant | None
    client_id: str | None
    details: dict[str, Any]


@dataclass(slots=True)
class Token:
    id: str
    lookup: str
    digest: bytes
    name: str
    scopes: list[str]
    project_ids: list[str] | None
    kinds: list[str] | None
    origins: list[str] | None
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None
    revoked_at: Instant | None
