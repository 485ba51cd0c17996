"""Last call of ended sessions in their path times, for statistics by path with filters by it."""

import sqlalchemy as sa
from alembic import op

from models.migrations.operations import create_partial_index

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.drop_index("ix_path_time_past", "path_time")
    op.add_column("path_time", sa.Column("final_seen_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE path_time SET final_seen_at = session.final_seen_at"
        " FROM session WHERE session.id = path_time.session_id AND path_time.final_ms IS NOT NULL"
    )
    columns = ["project_id", "path", "kind", "shared", "final_ms", "started_at", "ended_at", "end_reason"]
    create_partial_index("ix_path_time_past", "path_time", [*columns, "final_seen_at"], "final_ms IS NOT NULL")
