"""Indexes of ended sessions for every order of lists."""

import sqlalchemy as sa
from alembic import op

from models.migrations.operations import create_partial_index

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("session", sa.Column("final_seen_at", sa.BigInteger(), nullable=True))
    for name in ("ix_session_ended", "ix_session_past"):
        op.drop_index(name, "session")
    op.execute("UPDATE session SET final_seen_at = last_seen_at WHERE ended_at IS NOT NULL")
    ended = ["ended_at", "started_at", "kind", "end_reason", "project_id"]
    create_partial_index("ix_session_ended", "session", ended, "ended_at IS NOT NULL")
    past = [
        "project_id",
        "kind",
        "end_reason",
        "final_elapsed_ms",
        "final_visible_ms",
        "subject",
        "started_at",
        "ended_at",
        "final_seen_at",
    ]
    create_partial_index("ix_session_past", "session", past, "end_reason IS NOT NULL")
    for name, column in (("ix_session_past_seen", "final_seen_at"), ("ix_session_past_created", "created_at")):
        columns = [column, "started_at", "kind", "end_reason", "project_id"]
        create_partial_index(name, "session", columns, "end_reason IS NOT NULL")
