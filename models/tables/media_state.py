"""Table of the playback states of MEDIA sessions, apart from their rows, which are read far more often."""

from typing import Any

from sqlmodel import Field

from models.json import JsonText
from models.tables.columns import TableModel, json_column, session_key


class MediaStateTable(TableModel, table=True):
    """Reorder buffer of one session; no row before its first event. It could be recomputed from `media_event`."""

    __tablename__ = "media_state"

    session_id: str = session_key()
    events: int
    """Number of events that arrived, late ones included."""
    state: dict[str, Any] = Field(sa_type=JsonText, nullable=False)
    """State after the newest event, from which the metrics are computed."""
    checkpoint: dict[str, Any] = Field(sa_type=JsonText, nullable=False)
    """State before the recent events."""
    recent: Any = json_column()
    """Counted events after the checkpoint, in order: those of 60 s, at most 2,000."""
    qoe_ts: dict[str, int] = Field(sa_type=JsonText, nullable=False)
    """Client time of each value of the session's quality of experience; without those of the start."""
