"""Columns of ended sessions in their path times, for statistics by path with filters by time or end reason."""

import sqlalchemy as sa
from alembic import op

from models.migrations.operations import create_partial_index

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.drop_index("ix_path_time_past", "path_time")
    op.add_column("path_time", sa.Column("started_at", sa.BigInteger(), nullable=True))
    op.add_column("path_time", sa.Column("ended_at", sa.BigInteger(), nullable=True))
    op.add_column("path_time", sa.Column("end_reason", sa.Text(), nullable=True))
    op.execute(
        "UPDATE path_time"
        " SET started_at = session.started_at, ended_at = session.ended_at, end_reason = session.end_reason"
        " FROM session WHERE session.id = path_time.session_id AND path_time.final_ms IS NOT NULL"
    )
    columns = ["project_id", "path", "kind", "shared", "final_ms", "started_at", "ended_at", "end_reason"]
    create_partial_index("ix_path_time_past", "path_time", columns, "final_ms IS NOT NULL")
