"""What players reported: every event of every MEDIA session, pings included."""

from typing import Any

from sqlalchemy import Text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import Json, TableModel, instant, of_session


class MediaEventTable(TableModel, table=True):
    """One event. The same type, client time and content again is the same event: `digest` is part of the key."""

    __tablename__ = "media_event"

    session_id: str = of_session()
    ts: Instant = Field(sa_type=instant().sa_type, primary_key=True)
    type: str = Field(sa_type=Text, primary_key=True)
    digest: str = Field(sa_type=Text, primary_key=True)
    """Of the parameters, so that two events of one moment can differ."""
    playhead: float
    qoe: Any = Field(sa_type=Json, nullable=True)
    received_at: Instant = instant()
