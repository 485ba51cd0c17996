"""The table of sessions of all kinds: one row a session."""

from typing import Any

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field

from models.clock import Instant
from models.json import JsonText
from models.tables.columns import TableModel, instant_column, json_column
from models.tables.rows import Session as Session  # noqa: PLC0414 - re-exported


def _partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of those rows alone that meet a condition."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


class SessionTable(TableModel, table=True):
    """One session.

    What all kinds share, and whatever is filtered or sorted, is a column; the rest of a kind is `details`.
    What follows from the row and the clock (state, effective end, elapsed time) is not stored: `models.session_rules`.
    """

    __tablename__ = "session"

    id: str = Field(sa_type=Text, primary_key=True)
    kind: str = Field(sa_type=Text)
    project_id: str = Field(sa_type=Text, foreign_key="project.id")
    external_id: str | None = Field(sa_type=Text)
    subject: str | None = Field(sa_type=Text)
    previous_id: str | None = Field(sa_type=Text)
    """May name a session that is gone by now."""
    created_at: Instant = instant_column()
    updated_at: Instant = instant_column()
    revision: int = Field(sa_type=BigInteger)
    meta: Any = json_column()

    started_at: Instant = instant_column()
    begun: bool
    """Whether activity STARTED has been written; false while it is scheduled."""
    last_seen_at: Instant = instant_column()
    timeout_seconds: int | None
    expires_at: Instant | None = instant_column(nullable=True)
    """The earliest of its deadlines, at which it ends for `expiry_reason` if nothing is heard before."""
    expiry_reason: str | None = Field(sa_type=Text)
    due_at: Instant | None = instant_column(nullable=True)
    """When the sweeper must look at the row: never after what it looks for (the beginning, or `expires_at`).

    A keepalive moves `expires_at` and leaves this, so no index changes; the sweeper moves it when it looks.
    Null: there is nothing to look for.
    """
    ended_at: Instant | None = instant_column(nullable=True)
    """Null also where it ended by time and the sweeper has not yet written that down."""
    end_reason: str | None = Field(sa_type=Text)
    """Null where `ended_at` is."""
    final_elapsed_ms: int | None = Field(sa_type=BigInteger)
    """How long it lasted, once its end is written down; null before. Then it is part of indexes."""
    final_visible_ms: int | None = Field(sa_type=BigInteger)
    """Its `visible_ms`, likewise: while that changes with every sign of life, no index may hold it."""
    final_seen_at: Instant | None = instant_column(nullable=True)
    """Its `last_seen_at`, likewise."""

    visible: bool
    path: list[str] = json_column()
    visible_ms: int = Field(sa_type=BigInteger)
    path_count: int
    """How many rows of `path_time` it has."""
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
    """The client's time of the newest event."""
    stall_from: Instant | None = instant_column(nullable=True)
    """From when the stillness of the playhead counts: its last movement, or the server's return."""
    # USER
    client_id: str | None = Field(sa_type=Text)

    details: dict[str, Any] = Field(sa_type=JsonText, nullable=False)

    __table_args__ = (
        # An index for lists begins with what a filter names, goes on with the default order, and ends with what can
        # be checked without the row.
        Index("ix_session_started", "started_at", "id", "kind", "project_id"),
        Index("ix_session_project_started", "project_id", "started_at", "id", "kind"),
        Index("ix_session_subject", "subject", "started_at", "id"),
        Index("ix_session_external_id", "external_id", "started_at", "id"),
        _partial_index(
            "ix_session_guide",
            "guide",
            "started_at",
            "rank",
            "id",
            where="guide IS NOT NULL",
        ),
        _partial_index(
            "ix_session_media",
            "media_id",
            "started_at",
            "id",
            where="media_id IS NOT NULL",
        ),
        # Those few whose end is not written down.
        _partial_index(
            "ix_session_live",
            "started_at",
            "id",
            "kind",
            "project_id",
            where="ended_at IS NULL",
        ),
        # All others, with what statistics are made of: these indexes answer without the rows.
        _partial_index(
            "ix_session_ended",
            "ended_at",
            "started_at",
            "kind",
            "end_reason",
            "project_id",
            where="ended_at IS NOT NULL",
        ),
        _partial_index(
            "ix_session_past",
            "project_id",
            "kind",
            "end_reason",
            "final_elapsed_ms",
            "final_visible_ms",
            "subject",
            "started_at",
            "ended_at",
            "final_seen_at",
            where="end_reason IS NOT NULL",
        ),
        _partial_index(
            "ix_session_past_subject",
            "subject",
            "kind",
            "end_reason",
            "final_visible_ms",
            where="end_reason IS NOT NULL",
        ),
        # And in the other orders that lists may have.
        _partial_index(
            "ix_session_past_seen",
            "final_seen_at",
            "started_at",
            "kind",
            "end_reason",
            "project_id",
            where="end_reason IS NOT NULL",
        ),
        _partial_index(
            "ix_session_past_created",
            "created_at",
            "started_at",
            "kind",
            "end_reason",
            "project_id",
            where="end_reason IS NOT NULL",
        ),
        _partial_index(
            "ix_session_due",
            "due_at",
            where="due_at IS NOT NULL",
        ),
        # A uuid is known to its project for ever; a browser's clientId only while its session goes on.
        _partial_index(
            "uq_session_field_uuid",
            "project_id",
            "external_id",
            where="kind = 'FIELD'",
            unique=True,
        ),
        _partial_index(
            "uq_session_user_client",
            "project_id",
            "subject",
            "client_id",
            where="client_id IS NOT NULL AND ended_at IS NULL",
            unique=True,
        ),
    )
