"""Table of the events of MEDIA sessions, pings included."""

from typing import Any

from sqlalchemy import Text
from sqlmodel import Field

from models.clock import Instant
from models.json import JsonText
from models.tables.columns import TableModel, instant_column, session_key


class MediaEventTable(TableModel, table=True):
    """One event; another one of the same type, client time and parameters is a duplicate.

    The metrics of a session can be recomputed from its counted events in the order of `ts` and `number`.
    """

    __tablename__ = "media_event"

    session_id: str = session_key()
    ts: Instant = Field(sa_type=instant_column().sa_type, primary_key=True)
    type: str = Field(sa_type=Text, primary_key=True)
    """A `MediaEventType`, or HIDE or STOP for the player time of a call of that name."""
    digest: str = Field(sa_type=Text, primary_key=True)
    """Digest of the parameters; empty if there are none."""
    number: int
    """Position in the order of arrival."""
    late: bool
    """Whether it arrived too late to be counted."""
    playhead: float
    params: Any = Field(sa_type=JsonText, nullable=True)
    qoe: Any = Field(sa_type=JsonText, nullable=True)
    custom_metadata: Any = Field(sa_type=JsonText, nullable=True)
    received_at: Instant = instant_column()

    # The key is most of the row; without row ids, the events of a session are stored side by side.
    __table_args__ = ({"sqlite_with_rowid": False},)
