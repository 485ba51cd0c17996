"""What the rules of playback remember of each MEDIA session: apart from its row, which is read far more often."""

from typing import Any

from sqlmodel import Field

from models.json import JsonText
from models.tables.columns import TableModel, json_column, session_key


class MediaStateTable(TableModel, table=True):
    """The playback of one session. A session whose player has told nothing since the start has none.

    It holds nothing that could not be worked out from `media_event`.
    """

    __tablename__ = "media_state"

    session_id: str = session_key()
    events: int
    """How many events have arrived, late ones included."""
    state: dict[str, Any] = Field(sa_type=JsonText, nullable=False)
    """After the newest event: what the figures are read from. Before what only a change needs."""
    checkpoint: dict[str, Any] = Field(sa_type=JsonText, nullable=False)
    """Before the recent events: behind it an event that arrives can find its place."""
    recent: Any = json_column()
    """The counted events since, in order: at most 60 s of them, and 2,000."""
    qoe_ts: dict[str, int] = Field(sa_type=JsonText, nullable=False)
    """From when each value of the session's quality of experience is; where it is from the start, it is not here."""
