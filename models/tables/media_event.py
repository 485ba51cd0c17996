"""What players reported: every event of every MEDIA session, pings included."""

from typing import Any

from sqlalchemy import Text
from sqlmodel import Field

from models.clock import Instant
from models.json import JsonText
from models.tables.columns import TableModel, instant_column, session_key


class MediaEventTable(TableModel, table=True):
    """One event. The same type, client time and parameters again is the same event: `digest` is part of the key.

    Enough to work out the figures of the session anew: its counted events in the order of `ts` and `number`.
    """

    __tablename__ = "media_event"

    session_id: str = session_key()
    ts: Instant = Field(sa_type=instant_column().sa_type, primary_key=True)
    type: str = Field(sa_type=Text, primary_key=True)
    """A `models.enums.MediaEventType`, or HIDE or STOP: the place that the call of that name told of."""
    digest: str = Field(sa_type=Text, primary_key=True)
    """Of the parameters, so that two events of one moment can differ; empty where there are none."""
    number: int
    """Its place among the events of the session as they arrived."""
    late: bool
    """Whether it came too late to be counted."""
    playhead: float
    params: Any = Field(sa_type=JsonText, nullable=True)
    qoe: Any = Field(sa_type=JsonText, nullable=True)
    custom_metadata: Any = Field(sa_type=JsonText, nullable=True)
    received_at: Instant = instant_column()

    # The key is most of the row, and says where it belongs: beside the other events of its session and its time.
    __table_args__ = ({"sqlite_with_rowid": False},)
