"""Table of the playback states of MEDIA sessions, kept out of table `session`, whose rows are read far more often."""

from typing import Any

from sqlmodel import Field

from models.json import JsonText
from models.tables.columns import TableModel, json_column, session_key


class MediaStateTable(TableModel, table=True):
    """Reorder buffer of one session; no row before its first event. It could be recomputed from `media_event`."""

    __tablename__ = "media_state"

    session_id: str = session_key()
    events: int
    """Number of events recorded, late ones included, duplicates and refused ones not."""
    state: dict[str, Any] = Field(sa_type=JsonText, nullable=False)
    """State after the newest event, from which the metrics are computed."""
    checkpoint: dict[str, Any] = Field(sa_type=JsonText, nullable=False)
    """State before the recent events."""
    recent: Any = json_column()
    """Events after the checkpoint in `ts` order, which may still be reordered: at most 60 s and 2,000 of them."""
    qoe_ts: dict[str, int] = Field(sa_type=JsonText, nullable=False)
    """Client time of the newest quality-of-experience value by name; absent while it is the start's value."""
