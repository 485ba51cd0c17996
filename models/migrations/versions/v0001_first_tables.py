"""First tables, and the project `default`."""

import time

import sqlalchemy as sa
from alembic import op

from models.ids import DATABASE, new_id
from models.migrations.operations import columns, create_partial_index

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_log()
    _create_projects()
    _create_sessions()
    _create_session_indexes()
    _create_session_parts()
    _insert_initial_rows()


def _create_log() -> None:
    op.create_table(
        "activity",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *columns(sa.Text, "id", "session_id", "project_id", "kind", "type"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("client_at", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    create_partial_index("ix_activity_gone", "activity", ["at"], "type IN ('REPLACED', 'DELETED')")
    op.create_index("ix_activity_project", "activity", ["project_id", "position"])
    op.create_index("ix_activity_session", "activity", ["session_id", "position"])
    op.create_table(
        "idempotency",
        *columns(sa.Text, "project_id", "caller_id", "key", "digest", "session_id"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "caller_id", "key"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
    op.create_index("ix_idempotency_session_id", "idempotency", ["session_id"])


def _create_projects() -> None:
    op.create_table(
        "project",
        *columns(sa.Text, "id", "name"),
        sa.Column("geo_listen_enabled", sa.Boolean(), nullable=False),
        *columns(sa.Text, "default_language", "timeouts"),
        *columns(sa.BigInteger, "created_at", "updated_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "server",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("database_id", sa.Text(), nullable=False),
        sa.Column("alive_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_sessions() -> None:
    op.create_table(
        "session",
        *columns(sa.Text, "id", "kind", "project_id"),
        *columns(sa.Text, "external_id", "subject", "previous_id", nullable=True),
        *columns(sa.BigInteger, "created_at", "updated_at", "revision"),
        sa.Column("meta", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("begun", sa.Boolean(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("expiry_reason", sa.Text(), nullable=True),
        *columns(sa.BigInteger, "due_at", "ended_at", nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("visible_ms", sa.BigInteger(), nullable=False),
        sa.Column("path_count", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("client_system", sa.Text(), nullable=True),
        *columns(sa.Boolean, "demo_stream_enabled", "geo_listen_enabled", nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("guide", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Float(), nullable=True),
        sa.Column("schedule_end", sa.BigInteger(), nullable=True),
        *columns(sa.Text, "media_id", "content_type", "channel", "player_state", nullable=True),
        sa.Column("playhead", sa.Float(), nullable=True),
        *columns(sa.BigInteger, "player_ts", "stall_from", nullable=True),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"]),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_session_indexes() -> None:
    create_partial_index("ix_session_due", "session", ["due_at"], "due_at IS NOT NULL")
    op.create_index("ix_session_ended", "session", ["ended_at", "started_at", "id"])
    op.create_index("ix_session_external_id", "session", ["external_id", "started_at", "id"])
    create_partial_index("ix_session_guide", "session", ["guide", "started_at", "rank", "id"], "guide IS NOT NULL")
    create_partial_index("ix_session_media", "session", ["media_id", "started_at", "id"], "media_id IS NOT NULL")
    op.create_index("ix_session_project_started", "session", ["project_id", "started_at", "id"])
    op.create_index("ix_session_started", "session", ["started_at", "id"])
    op.create_index("ix_session_subject", "session", ["subject", "started_at", "id"])
    create_partial_index(
        "uq_session_field_uuid", "session", ["project_id", "external_id"], "kind = 'FIELD'", unique=True
    )
    create_partial_index(
        "uq_session_user_client",
        "session",
        ["project_id", "subject", "client_id"],
        "client_id IS NOT NULL AND ended_at IS NULL",
        unique=True,
    )


def _create_session_parts() -> None:
    op.create_table(
        "data_point",
        *columns(sa.Text, "session_id", "name"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("raw_data", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "name"),
    )
    op.create_table(
        "media_event",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        *columns(sa.Text, "type", "digest"),
        sa.Column("playhead", sa.Float(), nullable=False),
        sa.Column("qoe", sa.Text(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "ts", "type", "digest"),
    )
    op.create_table(
        "path_time",
        *columns(sa.Text, "session_id", "path"),
        sa.Column("visible_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "path"),
    )
    op.create_table(
        "session_track",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("track", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "track"),
    )
    op.create_index("ix_session_track_track", "session_track", ["track"])


def _insert_initial_rows() -> None:
    now = time.time_ns() // 1_000_000
    tx = op.get_bind()
    tx.execute(
        sa.text("INSERT INTO server (id, database_id, alive_at) VALUES (1, :database_id, NULL)"),
        {"database_id": new_id(DATABASE)},
    )
    tx.execute(
        sa.text(
            "INSERT INTO project (id, name, geo_listen_enabled, default_language, timeouts, created_at, updated_at)"
            " VALUES ('default', 'default', :off, 'en', '{}', :now, :now)"
        ),
        {"off": False, "now": now},
    )
