"""What one operation reads by id: keys asked for together are read with one statement."""

from collections.abc import Sequence

from models.clock import Instant
from models.database import Database
from models.tables.activity import Activity
from models.tables.data_point import DataPoint
from models.tables.path_time import PathTime
from models.tables.project import Project
from models.tables.session import Session
from resolvers.access import Caller
from resolvers.pages import Page, PageArgs


class Loaders:
    """The loaders of one operation. What is outside the caller's projects is not there."""

    def __init__(self, database: Database, caller: Caller, now: Instant) -> None:
        self._database = database
        self._caller = caller
        self._now = now

    async def project(self, id: str) -> Project | None:  # noqa: A002 - the word of the schema
        """The project of that id."""
        raise NotImplementedError

    async def session(self, id: str) -> Session | None:  # noqa: A002 - the word of the schema
        """The session of that id."""
        raise NotImplementedError

    async def path_times(self, session_id: str) -> list[PathTime]:
        """Its visible time on each path; longest first, then by path."""
        raise NotImplementedError

    async def data_points(self, session_id: str) -> list[DataPoint]:
        """Its data points in the order of the form; none where it is not of kind FIELD."""
        raise NotImplementedError

    async def activities(self, session_id: str, types: Sequence[str] | None, page: PageArgs) -> Page[Activity]:
        """A page of its timeline."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget what was read: to be called where an operation goes on after a change."""
