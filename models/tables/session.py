"""Table of the sessions of all kinds."""

from typing import Any

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field

from models.clock import Instant
from models.json import JsonText
from models.tables.columns import TableModel, instant_column, json_column, partial_index

_COVERED = ("end_reason", "final_visible_ms", "started_at", "ended_at", "final_seen_at")
"""What statistics by group, and their filters, read of an ended session besides its kind and project."""


class SessionTable(TableModel, table=True):
    """One session.

    A column holds what all kinds share, or what is filtered or sorted; `details` holds the rest. State, effective end
    and elapsed time are computed by `models.session_rules`.
    """

    __tablename__ = "session"

    id: str = Field(sa_type=Text, primary_key=True)
    kind: str = Field(sa_type=Text)
    project_id: str = Field(sa_type=Text, foreign_key="project.id")
    external_id: str | None = Field(sa_type=Text)
    subject: str | None = Field(sa_type=Text)
    previous_id: str | None = Field(sa_type=Text)
    """The session may be deleted by now."""
    created_at: Instant = instant_column()
    updated_at: Instant = instant_column()
    revision: int = Field(sa_type=BigInteger)
    meta: Any = json_column()

    started_at: Instant = instant_column()
    begun: bool
    """Whether the activity STARTED is written; false while the session is scheduled."""
    last_seen_at: Instant = instant_column()
    timeout_seconds: int | None
    expires_at: Instant | None = instant_column(nullable=True)
    """Earliest of its deadlines, at which it ends for `expiry_reason`."""
    expiry_reason: str | None = Field(sa_type=Text)
    due_at: Instant | None = instant_column(nullable=True)
    """When the sweeper checks the row: not after its start or `expires_at`. NULL: never.

    A heartbeat moves `expires_at` only, so that it does not change this index; the sweeper moves it when it checks.
    """
    ended_at: Instant | None = instant_column(nullable=True)
    """NULL, too, after an end by time that the sweeper has not written yet."""
    end_reason: str | None = Field(sa_type=Text)
    final_elapsed_ms: int | None = Field(sa_type=BigInteger)
    """Duration; this and the next two are NULL until the end is written, and indexed then."""
    final_visible_ms: int | None = Field(sa_type=BigInteger)
    """Final `visible_ms`, which cannot be indexed while every heartbeat changes it."""
    final_seen_at: Instant | None = instant_column(nullable=True)
    """Final `last_seen_at`."""

    visible: bool
    path: list[str] = json_column()
    visible_ms: int = Field(sa_type=BigInteger)
    path_count: int
    """Number of its rows in `path_time`."""
    sequence: int | None = Field(sa_type=BigInteger)

    # CLIENT
    client_system: str | None = Field(sa_type=Text)
    demo_stream_enabled: bool | None
    geo_listen_enabled: bool | None
    language: str | None = Field(sa_type=Text)
    # AGENDA
    guide: int | None
    rank: float | None
    schedule_end: Instant | None = instant_column(nullable=True)
    # MEDIA
    media_id: str | None = Field(sa_type=Text)
    content_type: str | None = Field(sa_type=Text)
    channel: str | None = Field(sa_type=Text)
    player_state: str | None = Field(sa_type=Text)
    playhead: float | None
    player_ts: Instant | None = instant_column(nullable=True)
    """Client time of the newest event."""
    stall_from: Instant | None = instant_column(nullable=True)
    """Start of the stall timeout: the last movement of the playhead, or the server's return after downtime."""
    # USER
    client_id: str | None = Field(sa_type=Text)

    details: dict[str, Any] = Field(sa_type=JsonText, nullable=False)

    # Indexes for lists: the filtered columns, then the default order, then what is checked without reading the row.
    __table_args__ = (
        Index("ix_session_started", "started_at", "id", "kind", "project_id"),
        Index("ix_session_project_started", "project_id", "started_at", "id", "kind"),
        Index("ix_session_subject", "subject", "started_at", "id"),
        Index("ix_session_external_id", "external_id", "started_at", "id"),
        partial_index("ix_session_guide", "guide", "started_at", "rank", "id", where="guide IS NOT NULL"),
        partial_index("ix_session_media", "media_id", "started_at", "id", where="media_id IS NOT NULL"),
        partial_index("ix_session_live", "started_at", "id", "kind", "project_id", where="ended_at IS NULL"),
        # The one index that a heartbeat moves, for 2 to 4 % of its time. Without it a list in this order sorts all live
        # sessions. PostgreSQL has none: it would have to write each heartbeat into every index of the table. Its
        # condition is another than that of `ix_session_live`, so that no other list takes this one for it.
        partial_index("ix_session_live_seen", "last_seen_at", "id", where="end_reason IS NULL").ddl_if(
            dialect="sqlite"
        ),
        # Covering indexes: statistics and sorted lists of ended sessions are answered without reading rows.
        partial_index(
            *("ix_session_ended", "ended_at", "started_at", "kind", "end_reason", "project_id", "final_seen_at"),
            where="ended_at IS NOT NULL",
        ),
        partial_index(
            *("ix_session_past_started", "started_at", "ended_at", "kind", "end_reason", "project_id", "final_seen_at"),
            where="end_reason IS NOT NULL",
        ),
        partial_index(
            *("ix_session_past", "project_id", "kind", "end_reason", "final_elapsed_ms", "final_visible_ms"),
            *("subject", "started_at", "ended_at", "final_seen_at"),
            where="end_reason IS NOT NULL",
        ),
        partial_index(
            *("ix_session_past_subject", "subject", "kind", "project_id", *_COVERED), where="end_reason IS NOT NULL"
        ),
        partial_index(
            *("ix_session_past_client", "client_system", "language", "kind", "project_id", *_COVERED),
            where="client_system IS NOT NULL AND end_reason IS NOT NULL",
        ),
        partial_index(
            *("ix_session_past_agenda", "guide", "id", "kind", "project_id", *_COVERED),
            where="guide IS NOT NULL AND end_reason IS NOT NULL",
        ),
        partial_index(
            *("ix_session_past_media", "media_id", "channel", "content_type", "kind", "project_id", *_COVERED),
            where="media_id IS NOT NULL AND end_reason IS NOT NULL",
        ),
        partial_index(
            *("ix_session_past_seen", "final_seen_at", "started_at", "kind", "end_reason", "project_id"),
            where="end_reason IS NOT NULL",
        ),
        partial_index(
            *("ix_session_past_created", "created_at", "started_at", "kind", "end_reason", "project_id"),
            where="end_reason IS NOT NULL",
        ),
        partial_index("ix_session_due", "due_at", where="due_at IS NOT NULL"),
        # A uuid is unique for ever; a browser's clientId only while its session is live.
        partial_index("uq_session_field_uuid", "project_id", "external_id", where="kind = 'FIELD'", unique=True),
        partial_index(
            *("uq_session_user_client", "project_id", "subject", "client_id"),
            where="client_id IS NOT NULL AND ended_at IS NULL",
            unique=True,
        ),
    )
