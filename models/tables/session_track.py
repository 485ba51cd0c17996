"""The tracks that AGENDA sessions are on: what the filter by track searches."""

from sqlmodel import Field

from models.tables.columns import TableModel, session_key


class SessionTrackTable(TableModel, table=True):
    """One track of one session. The list as given, with order and repetitions, is in the session's details."""

    __tablename__ = "session_track"

    session_id: str = session_key()
    track: int = Field(primary_key=True, index=True)
