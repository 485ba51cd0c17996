"""What the servers of one database know together: a table of one row."""

from sqlalchemy import Text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import TableModel, instant_column


class ServerTable(TableModel, table=True):
    """The identity of the database and the last sign of life of its servers."""

    __tablename__ = "server"

    id: int = Field(primary_key=True)
    """Always 1."""
    database_id: str = Field(sa_type=Text)
    """Made once, so that a cursor of another database is known for what it is."""
    alive_at: Instant | None = instant_column(nullable=True)
    """When a server last wrote that it is there; null before the first did."""
    signing_key: str = Field(sa_type=Text)
    """Made once: what the addresses of files are signed with where the operator gives no key."""
