"""Table of projects, which isolate callers from each other."""

from sqlalchemy import Text
from sqlmodel import Field

from models.clock import Instant
from models.json import JsonText
from models.tables.columns import TableModel, instant_column


class ProjectTable(TableModel, table=True):
    __tablename__ = "project"

    id: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=Text)
    geo_listen_enabled: bool
    default_language: str = Field(sa_type=Text)
    timeouts: dict[str, int] = Field(sa_type=JsonText, nullable=False)
    """Seconds by kind, where they differ from the default of the kind."""
    created_at: Instant = instant_column()
    updated_at: Instant = instant_column()
