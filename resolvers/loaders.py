"""Batched reads by id: keys that one operation requests together are read with one statement."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from strawberry.dataloader import DataLoader

from models import tables
from models.database import Database, Transaction
from models.tables.rows import Activity, PathTime, Project, Session
from resolvers import queries
from resolvers.access import Caller
from resolvers.activities.queries import TimelinePage, read_timelines
from resolvers.forms.queries import DataPointQuery, DataPointView, ReadBudget, read_points, read_values
from resolvers.media.state import PlaybackState
from resolvers.pagination.keyset import PageRows

P = ParamSpec("P")
Key = TypeVar("Key")
Value = TypeVar("Value")

MAX_BATCH: Final = 500
"""Keys of one statement."""


class Loaders:
    """The loaders of one operation. Objects outside the caller's projects are not found.

    Data points and their values are read within a budget: beyond it they raise TooMuchData.
    """

    def __init__(self, database: Database, caller: Caller) -> None:
        self._database = database
        self._caller = caller
        self._loaders: dict[str, DataLoader[Any, Any]] = {}
        self._budget = ReadBudget()

    def project(self, id: str) -> Awaitable[Project | None]:  # noqa: A002 - the schema's name
        return self._load("project", queries.read_by_id, id, tables.project, Project)

    def session(self, id: str) -> Awaitable[Session | None]:  # noqa: A002 - the schema's name
        return self._load("session", queries.read_by_id, id, tables.session, Session)

    def activity(self, id: str) -> Awaitable[Activity | None]:  # noqa: A002 - the schema's name
        """Load an activity; its session may have been deleted."""
        return self._load("activity", queries.read_by_id, id, tables.activity, Activity)

    def path_times(self, session_id: str) -> Awaitable[list[PathTime]]:
        """Load the path times of a session, the longest first."""
        return self._load("path_times", queries.read_path_times, session_id)

    def data_points(self, session_id: str, names: Sequence[str] | None = None) -> Awaitable[list[DataPointView]]:
        """Load all data points of a session, or those of some names, in the order of the form."""
        query = DataPointQuery(session_id, None if names is None else tuple(sorted({name.lower() for name in names})))
        return self._load("data_points", read_points, query, self._budget)

    def value(self, point: DataPointView) -> Awaitable[str | None]:
        return self._load("value", read_values, point.value_key, "value", self._budget)

    def raw_data(self, point: DataPointView) -> Awaitable[bytes | None]:
        return self._load("raw_data", read_values, point.value_key, "raw_data", self._budget)

    def media_state(self, session_id: str) -> Awaitable[PlaybackState | None]:
        """Load the playback state of a session; None if it has no player events."""
        return self._load("media_state", queries.read_media_states, session_id)

    def timeline(self, session_id: str, page: TimelinePage) -> Awaitable[PageRows[Activity]]:
        """Load a page of a session's timeline; one statement for all sessions with the same page."""
        return self._load("timeline", read_timelines, (session_id, page))

    def clear(self) -> None:
        """Drop cached rows, after a write."""
        self._loaders.clear()

    def _load(
        self,
        name: str,
        query: Callable[Concatenate[Transaction, Caller, list[Key], P], list[Value]],
        key: Key,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Awaitable[Value]:
        loader = self._loaders.get(name)
        if loader is None:

            async def load(keys: list[Key]) -> list[Value]:
                return await self._database.read(query, self._caller, keys, *args, **kwargs)

            loader = self._loaders[name] = DataLoader(load_fn=load, max_batch_size=MAX_BATCH)
        return loader.load(key)
