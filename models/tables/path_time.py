"""How long each session was visible on each path."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger
from sqlmodel import Field

from models.tables.columns import Json, TableModel, of_session, row_class


class PathTimeTable(TableModel, table=True):
    """The visible time of one session on one path; at most 501 rows a session (500, and the path `[]`)."""

    __tablename__ = "path_time"

    session_id: str = of_session()
    path: list[str] = Field(sa_type=Json, primary_key=True)
    visible_ms: int = Field(sa_type=BigInteger)


if TYPE_CHECKING:

    class PathTime(PathTimeTable):
        def __init__(self, *columns: Any, **by_name: Any) -> None: ...
else:
    PathTime = row_class("PathTime", PathTimeTable)
