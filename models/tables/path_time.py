"""How long each session was visible on each path."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from models.tables.columns import Json, TableModel, of_session


class PathTimeTable(TableModel, table=True):
    """The visible time of one session on one path; at most 501 rows a session (500, and the path `[]`)."""

    __tablename__ = "path_time"

    session_id: str = of_session()
    path: list[str] = Field(sa_type=Json, primary_key=True)
    visible_ms: int = Field(sa_type=BigInteger)
