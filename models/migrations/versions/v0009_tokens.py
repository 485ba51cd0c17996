"""Tokens."""

import sqlalchemy as sa
from alembic import op

from models.migrations.operations import columns

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "token",
        *columns(sa.Text, "id", "lookup"),
        *columns(sa.LargeBinary, "digest"),
        *columns(sa.Text, "name", "scopes"),
        *columns(sa.Text, "project_ids", "kinds", "origins", nullable=True),
        *columns(sa.BigInteger, "created_at"),
        *columns(sa.BigInteger, "expires_at", "last_used_at", "revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lookup"),
    )
