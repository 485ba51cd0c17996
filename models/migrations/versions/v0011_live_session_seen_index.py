"""Index of live sessions by their last call."""

from alembic import op

from models.migrations.operations import create_partial_index

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        create_partial_index("ix_session_live_seen", "session", ["last_seen_at", "id"], "end_reason IS NULL")
