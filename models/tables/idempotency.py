"""The keys by which callers may repeat a start without starting twice."""

from sqlalchemy import Text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import TableModel, instant_column


class IdempotencyTable(TableModel, table=True):
    """One key of one caller in one project, kept for 24 hours."""

    __tablename__ = "idempotency"

    project_id: str = Field(sa_type=Text, primary_key=True)
    caller_id: str = Field(sa_type=Text, primary_key=True)
    """The id of the caller's token; empty where the server asks for none."""
    key: str = Field(sa_type=Text, primary_key=True)
    digest: str = Field(sa_type=Text)
    """SHA-256 of the input as coerced."""
    session_id: str = Field(sa_type=Text, index=True)
    """The session it started, or the one that took its place."""
    created_at: Instant = instant_column(index=True)
