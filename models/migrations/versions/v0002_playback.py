"""Complete media events, and the playback state of MEDIA sessions."""

import sqlalchemy as sa
from alembic import op

from models.migrations.operations import columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _replace_events()
    op.create_table(
        "media_state",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        *columns(sa.Text, "state", "checkpoint", "recent", "qoe_ts"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id"),
    )


def _replace_events() -> None:
    # Existing rows are pings, which were not counted.
    op.rename_table("media_event", "media_ping")
    op.create_table(
        "media_event",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        *columns(sa.Text, "type", "digest"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("playhead", sa.Float(), nullable=False),
        *columns(sa.Text, "params", "qoe", "custom_metadata", nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "ts", "type", "digest"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO media_event (session_id, ts, type, digest, number, late, playhead, qoe, received_at)"
        " SELECT session_id, ts, type, digest, 0, false, playhead, qoe, received_at FROM media_ping"
    )
    op.drop_table("media_ping")
