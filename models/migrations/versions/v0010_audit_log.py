"""Audit log, and an index for the list of tokens."""

import sqlalchemy as sa
from alembic import op

from models.migrations.operations import columns

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *columns(sa.Text, "id"),
        *columns(sa.BigInteger, "at"),
        *columns(sa.Text, "action"),
        *columns(sa.Text, "actor_id", nullable=True),
        *columns(sa.Text, "actor_name"),
        *columns(sa.Text, "target_id", "project_id", nullable=True),
        *columns(sa.Text, "details"),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entry_project", "audit_entry", ["project_id", "position"])
    op.create_index("ix_audit_entry_target", "audit_entry", ["target_id", "position"])
    op.create_index("ix_token_created", "token", ["created_at", "id"])
