"""Table of tokens, the credentials of callers. Revoked and expired ones stay, for the record."""

from sqlalchemy import Index, LargeBinary, Text
from sqlmodel import Field

from models.clock import Instant
from models.json import JsonText
from models.tables.columns import TableModel, instant_column


class TokenTable(TableModel, table=True):
    __tablename__ = "token"

    id: str = Field(sa_type=Text, primary_key=True)
    lookup: str = Field(sa_type=Text, unique=True)
    """Part of the secret by which the row is found."""
    digest: bytes = Field(sa_type=LargeBinary)
    """SHA-256 of the secret."""
    name: str = Field(sa_type=Text)
    scopes: list[str] = Field(sa_type=JsonText, nullable=False)
    project_ids: list[str] | None = Field(sa_type=JsonText, nullable=True)
    """NULL for all."""
    kinds: list[str] | None = Field(sa_type=JsonText, nullable=True)
    """Kinds of sessions that it may start; NULL for all."""
    origins: list[str] | None = Field(sa_type=JsonText, nullable=True)
    """Origins of pages that may use it; NULL for any, and for programs that are no browser."""
    created_at: Instant = instant_column()
    expires_at: Instant | None = instant_column(nullable=True)
    last_used_at: Instant | None = instant_column(nullable=True)
    revoked_at: Instant | None = instant_column(nullable=True)

    __table_args__ = (Index("ix_token_created", "created_at", "id"),)
