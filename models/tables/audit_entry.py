"""Table of the audit log: what administrators did. Its rows are never changed, and outlive what they name."""

from typing import Any

from sqlalchemy import BigInteger, Index, Integer, Text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import TableModel, instant_column, json_column


class AuditEntryTable(TableModel, table=True):
    """One entry, written in the transaction of the change."""

    __tablename__ = "audit_entry"

    # In SQLite only INTEGER is an alias of the row id; it has 64 bits anyway.
    position: int | None = Field(default=None, sa_type=BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    """Position in commit order; never used again."""
    id: str = Field(sa_type=Text, unique=True)
    at: Instant = instant_column()
    action: str = Field(sa_type=Text)
    actor_id: str | None = Field(sa_type=Text, nullable=True)
    """Id of the credential; NULL if none was needed."""
    actor_name: str = Field(sa_type=Text)
    target_id: str | None = Field(sa_type=Text, nullable=True)
    """Id of the token, project or session; NULL if there were several."""
    project_id: str | None = Field(sa_type=Text, nullable=True)
    """The project that it concerns; NULL if it concerns several, or all."""
    details: Any = json_column()

    __table_args__ = (
        Index("ix_audit_entry_project", "project_id", "position"),
        Index("ix_audit_entry_target", "target_id", "position"),
        {"sqlite_autoincrement": True},
    )
