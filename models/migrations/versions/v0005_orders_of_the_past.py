"""Indexes of what has ended for all orders of lists; they hold when that was last heard."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("session", sa.Column("final_seen_at", sa.BigInteger(), nullable=True))
    for name in ("ix_session_ended", "ix_session_past"):
        op.drop_index(name, "session")
    op.execute("UPDATE session SET final_seen_at = last_seen_at WHERE ended_at IS NOT NULL")
    _create_index(
        "ix_session_ended",
        ["ended_at", "started_at", "kind", "end_reason", "project_id"],
        "ended_at IS NOT NULL",
    )
    _create_index(
        "ix_session_past",
        [
            *("project_id", "kind", "end_reason", "final_elapsed_ms", "final_visible_ms"),
            *("subject", "started_at", "ended_at", "final_seen_at"),
        ],
    )
    for name, column in (("ix_session_past_seen", "final_seen_at"), ("ix_session_past_created", "created_at")):
        _create_index(name, [column, "started_at", "kind", "end_reason", "project_id"])


def _create_index(name: str, columns: list[str], where: str = "end_reason IS NOT NULL") -> None:
    condition = sa.text(where)
    op.create_index(name, "session", columns, unique=False, sqlite_where=condition, postgresql_where=condition)
