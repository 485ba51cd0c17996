"""Table, of one row, of what belongs to the database as a whole."""

from sqlalchemy import Text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import TableModel, instant_column


class ServerTable(TableModel, table=True):
    __tablename__ = "server"

    id: int = Field(primary_key=True)
    """Always 1."""
    database_id: str = Field(sa_type=Text)
    """Random; by it, cursors of another database are detected."""
    alive_at: Instant | None = instant_column(nullable=True)
    """Last heartbeat of a server; NULL before the first."""
    signing_key: str = Field(sa_type=Text)
    """Random; signs file URLs if SIGNING_KEY is not set."""
