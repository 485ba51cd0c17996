"""Blobs and attachments of data points, and the key that signs file URLs."""

import secrets

import sqlalchemy as sa
from alembic import op

from models.migrations.operations import columns, create_partial_index

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "stored_file",
        *columns(sa.Text, "key", "sha256"),
        *columns(sa.BigInteger, "size", "claimed_until"),
        *columns(sa.Boolean, "loose", "condemned"),
        sa.PrimaryKeyConstraint("key"),
    )
    create_partial_index("uq_stored_file_sha256", "stored_file", ["sha256"], "NOT condemned", unique=True)
    create_partial_index("ix_stored_file_loose", "stored_file", ["claimed_until"], "loose")
    op.create_table(
        "attachment",
        *columns(sa.Text, "id", "session_id", "name", "filename", "content_type", "file_key"),
        sa.ForeignKeyConstraint(["file_key"], ["stored_file.key"]),
        sa.ForeignKeyConstraint(
            ["session_id", "name"], ["data_point.session_id", "data_point.name"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_attachment_file", "attachment", ["file_key"])
    op.create_index("uq_attachment_point", "attachment", ["session_id", "name"], unique=True)
    _add_point_sizes()
    _add_signing_key()


def _add_point_sizes() -> None:
    op.add_column("data_point", sa.Column("size", sa.Integer(), nullable=False, server_default="0"))
    tx = op.get_bind()
    text_bytes = "length(CAST(value AS BLOB))" if tx.dialect.name == "sqlite" else "octet_length(value)"
    tx.execute(sa.text(f"UPDATE data_point SET size = coalesce({text_bytes}, length(raw_data))"))  # noqa: S608 - no input


def _add_signing_key() -> None:
    op.add_column("server", sa.Column("signing_key", sa.Text(), nullable=False, server_default=""))
    op.get_bind().execute(sa.text("UPDATE server SET signing_key = :key"), {"key": secrets.token_urlsafe(32)})
