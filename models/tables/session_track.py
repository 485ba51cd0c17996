"""Table of the tracks of AGENDA sessions, for the filter by track."""

from sqlmodel import Field

from models.tables.columns import TableModel, session_key


class SessionTrackTable(TableModel, table=True):
    """One track of one session. The list as sent, with order and duplicates, is in the session's details."""

    __tablename__ = "session_track"

    session_id: str = session_key()
    track: int = Field(primary_key=True, index=True)
