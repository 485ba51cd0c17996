"""Table of the visible time of each session on each path."""

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from models.clock import Instant
from models.json import JsonText
from models.tables.columns import TableModel, instant_column, partial_index, session_key


class PathTimeTable(TableModel, table=True):
    """Visible time of one session on one path; at most 501 rows per session (500, and the path `[]`)."""

    __tablename__ = "path_time"

    session_id: str = session_key()
    path: list[str] = Field(sa_type=JsonText, primary_key=True)
    visible_ms: int = Field(sa_type=BigInteger)
    """Never 0."""

    # NULL until the end of the session is written; read by statistics by path.
    project_id: str | None = Field(sa_type=Text)
    kind: str | None = Field(sa_type=Text)
    shared: int | None
    """Length of the prefix shared with the previous path, in order, of the session.

    A session has as many distinct prefixes of `depth` segments as paths that share fewer than `depth`.
    """
    final_ms: int | None = Field(sa_type=BigInteger)
    """Final `visible_ms`, which cannot be indexed while every heartbeat changes it."""
    started_at: Instant | None = instant_column(nullable=True)
    """This and the next three are those of the session, for filters."""
    ended_at: Instant | None = instant_column(nullable=True)
    end_reason: str | None = Field(sa_type=Text)
    final_seen_at: Instant | None = instant_column(nullable=True)

    __table_args__ = (
        partial_index(
            *("ix_path_time_past", "project_id", "path", "kind", "shared", "final_ms"),
            *("started_at", "ended_at", "end_reason", "final_seen_at"),
            where="final_ms IS NOT NULL",
        ),
    )
