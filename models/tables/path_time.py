"""How long each session was visible on each path."""

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field

from models.json import JsonText
from models.tables.columns import TableModel, session_key
from models.tables.rows import PathTime as PathTime  # noqa: PLC0414 - re-exported


class PathTimeTable(TableModel, table=True):
    """The visible time of one session on one path; at most 501 rows a session (500, and the path `[]`)."""

    __tablename__ = "path_time"

    session_id: str = session_key()
    path: list[str] = Field(sa_type=JsonText, primary_key=True)
    visible_ms: int = Field(sa_type=BigInteger)
    """Never 0: there is a row where there is time."""

    # Set when the end of the session is written down, null before: what statistics by path are made of.
    project_id: str | None = Field(sa_type=Text)
    kind: str | None = Field(sa_type=Text)
    shared: int | None
    """How many segments it begins with that the path before it, in order, of the same session begins with too.

    So a session has as many different beginnings of `depth` segments as it has paths that share fewer than `depth`.
    """
    final_ms: int | None = Field(sa_type=BigInteger)
    """Its `visible_ms`: while that changes with every sign of life, no index may hold it."""

    __table_args__ = (
        Index(
            "ix_path_time_past",
            "project_id",
            "path",
            "kind",
            "shared",
            "final_ms",
            sqlite_where=text("final_ms IS NOT NULL"),
            postgresql_where=text("final_ms IS NOT NULL"),
        ),
    )
