"""Table of the log: the timeline of every session, the audit trail, and the source of subscriptions."""

from typing import Any

from sqlalchemy import BigInteger, Index, Integer, Text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import TableModel, instant_column, json_column, partial_index


class ActivityTable(TableModel, table=True):
    """One entry, written in the transaction of the change.

    Deleted with its session, but for the tombstones REPLACED and DELETED, kept for 7 days: hence no foreign key.
    """

    __tablename__ = "activity"

    # In SQLite only INTEGER is an alias of the row id; it has 64 bits anyway.
    position: int | None = Field(
        default=None,
        sa_type=BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
    )
    """Position in commit order; never used again."""
    id: str = Field(sa_type=Text, unique=True)
    session_id: str = Field(sa_type=Text)
    project_id: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    at: Instant = instant_column()
    """When it happened; for an end by time, before it was written."""
    client_at: Instant | None = instant_column(nullable=True)
    """Client time, if the client sent it."""
    data: Any = json_column()

    __table_args__ = (
        Index("ix_activity_session", "session_id", "position"),
        Index("ix_activity_project", "project_id", "position"),
        partial_index("ix_activity_gone", "at", where="type IN ('REPLACED', 'DELETED')"),
        {"sqlite_autoincrement": True},
    )
