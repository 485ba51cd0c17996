"""The log: timeline of each session, audit, and what subscriptions read."""

from typing import Any

from sqlalchemy import BigInteger, Index, Integer, Text, text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import TableModel, instant_column, json_column
from models.tables.rows import Activity as Activity  # noqa: PLC0414 - re-exported

_IS_TOMBSTONE = text("type IN ('REPLACED', 'DELETED')")


class ActivityTable(TableModel, table=True):
    """One thing that happened to one session, written in the transaction of the change.

    It goes with its session, but for REPLACED and DELETED, which stay behind for 7 days: hence no foreign key.
    """

    __tablename__ = "activity"

    # BIGINT is no row id for SQLite; its INTEGER has 64 bits anyway.
    position: int | None = Field(
        default=None,
        sa_type=BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
    )
    """The order of commits; never used twice."""
    id: str = Field(sa_type=Text, unique=True)
    session_id: str = Field(sa_type=Text)
    project_id: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    at: Instant = instant_column()
    """When it happened, which may be before it was noticed."""
    client_at: Instant | None = instant_column(nullable=True)
    """The client's own clock, where it gave one."""
    data: Any = json_column()

    __table_args__ = (
        Index("ix_activity_session", "session_id", "position"),
        Index("ix_activity_project", "project_id", "position"),
        Index("ix_activity_gone", "at", sqlite_where=_IS_TOMBSTONE, postgresql_where=_IS_TOMBSTONE),
        {"sqlite_autoincrement": True},
    )
