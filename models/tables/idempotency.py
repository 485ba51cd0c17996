"""Table of idempotency keys."""

from sqlalchemy import Text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import TableModel, instant_column


class IdempotencyTable(TableModel, table=True):
    """Key of one caller in one project, kept for 24 hours."""

    __tablename__ = "idempotency"

    project_id: str = Field(sa_type=Text, primary_key=True)
    caller_id: str = Field(sa_type=Text, primary_key=True)
    """Id of the caller's token; empty if the server has no tokens."""
    key: str = Field(sa_type=Text, primary_key=True)
    digest: str = Field(sa_type=Text)
    """SHA-256 of the coerced input."""
    session_id: str = Field(sa_type=Text, index=True)
    """The session that it started, or its replacement."""
    created_at: Instant = instant_column(index=True)
