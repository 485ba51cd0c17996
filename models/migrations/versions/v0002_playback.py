"""Complete media events, and the playback state of MEDIA sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _replace_events()
    op.create_table(
        "media_state",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("recent", sa.Text(), nullable=False),
        sa.Column("qoe_ts", sa.Text(), nullable=False),
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
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("playhead", sa.Float(), nullable=False),
        sa.Column("params", sa.Text(), nullable=True),
        sa.Column("qoe", sa.Text(), nullable=True),
        sa.Column("custom_metadata", sa.Text(), nullable=True),
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
