"""Batched reads by id: keys that are requested together are read with one statement."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from models.clock import Instant
from models.database import Database
from models.tables.rows import Activity, PathTime, Project, Session
from resolvers import queries
from resolvers.access import Caller
from resolvers.activities.queries import ActivityTypes, TimelinePage, count_timelines, read_timelines
from resolvers.filters import Filter
from resolvers.forms.queries import DataPointQuery, DataPointView, ReadBudget, read_points, read_values
from resolvers.media.state import PlaybackState
from resolvers.pagination.keyset import PageRows
from resolvers.pagination.sorted_list import Columns
from resolvers.projects.cache import ProjectCache
from resolvers.sessions.queries import ProjectPage, count_in_projects, read_project_pages

T = TypeVar("T")
Key = TypeVar("Key")
Value = TypeVar("Value")

Loaded: TypeAlias = T | Awaitable[T]
"""A row that is in memory, or the read of it."""

MAX_BATCH: Final = 500
"""Keys of one statement."""


async def resolved(row: Loaded[T]) -> T:
    return await row if isinstance(row, Awaitable) else row


class BatchedReads:
    """Reads of one operation, each key once. The key of a session has its columns: others are another, later read."""

    def __init__(self) -> None:
        self.projects: dict[str, Project] = {}
        """Shown already: all fields of an operation show the same row."""
        self.sessions: Mapping[str, Session | None] = {}
        """Sessions in memory; None for deleted ones. Access is not checked."""
        self._loaded: dict[tuple[str, Any], asyncio.Future[Any]] = {}
        self._requested: dict[str, list[tuple[Any, asyncio.Future[Any]]]] = {}
        """Keys of the next read, by name."""
        self._reading: set[asyncio.Future[Any]] = set()

    def load(self, name: str, read: Callable[[list[Key]], Awaitable[list[Value]]], key: Key) -> asyncio.Future[Value]:
        """Read a key with all others that are requested under this name in the same tick."""
        found = self._loaded.get((name, key))
        if found is None or found.cancelled():  # with the resolver that awaited it
            loop = asyncio.get_running_loop()
            found = self._loaded[name, key] = loop.create_future()
            if name not in self._requested:
                self._requested[name] = []
                loop.call_soon(self._read, name, read)
            self._requested[name].append((key, found))
        return found

    def _read(self, name: str, read: Callable[[list[Any]], Awaitable[list[Any]]]) -> None:
        requested = self._requested.pop(name)
        for start in range(0, len(requested), MAX_BATCH):
            batch = requested[start : start + MAX_BATCH]
            # The loop itself keeps no task.
            self._reading.add(done := asyncio.ensure_future(read([key for key, _ in batch])))
            done.add_done_callback(self._reading.discard)
            done.add_done_callback(partial(_distribute, [found for _, found in batch]))

    def clear(self) -> None:
        """Drop all rows, after a write."""
        self.projects.clear()
        self._loaded.clear()


class SharedReads(BatchedReads):
    """Reads of all operations on one batch of the log whose callers have equal access. None affects the others."""

    def __init__(self, sessions: Mapping[str, Session | None]) -> None:
        """
        Args:
            sessions: those of the batch, of any project.
        """
        super().__init__()
        self.sessions = sessions

    def load(self, name: str, read: Callable[[list[Key]], Awaitable[list[Value]]], key: Key) -> asyncio.Future[Value]:
        found = super().load(name, read, key)
        if found.done() and (found.cancelled() or found.exception() is not None):
            del self._loaded[name, key]  # a failure, which may have been of the moment
            found = super().load(name, read, key)
        # Shielded: the future is that of all operations, and awaiting one cancels it with the task.
        return asyncio.shield(found)


def _distribute(batch: list[asyncio.Future[Any]], done: asyncio.Future[list[Any]]) -> None:
    if done.cancelled():
        for found in batch:
            found.cancel()
    elif (error := done.exception()) is not None:
        for found in batch:
            if not found.done():
                found.set_exception(error)
                found.exception()  # marks it as retrieved: asyncio would log it, if it is not awaited
    else:
        for found, value in zip(batch, done.result(), strict=True):
            if not found.done():
                found.set_result(value)


class Loaders:
    """The loaders of one operation. Objects outside the caller's projects are not found.

    Data points and their values are read within a budget: beyond it they raise ReadBudgetExceeded.
    """

    def __init__(
        self, database: Database, caller: Caller, projects: ProjectCache, shared: SharedReads | None = None
    ) -> None:
        self._database = database
        self._caller = caller
        self._projects = projects
        self._own = BatchedReads()
        self._reads: BatchedReads = shared or self._own
        self._budget = ReadBudget()

    def project(self, id: str) -> Loaded[Project | None]:  # noqa: A002 - the schema's name
        if not self._caller.can_access(id):
            return None  # before memory is looked into: what it costs must not show whether the project exists
        found = self._reads.projects.get(id) or self._projects.get(id)
        if found is None:
            read = partial(_read_projects, self._database, self._caller, self._projects, self._reads.projects)
            return self._reads.load("project", read, id)
        self._reads.projects[id] = found
        return found

    def session(self, id: str, columns: Columns = None) -> Loaded[Session | None]:  # noqa: A002 - as above
        """Load a session with some of its columns, or all."""
        if id not in self._reads.sessions:
            return self._reads.load("session", self._by(queries.read_sessions), (id, columns))
        found = self._reads.sessions[id]
        return found if found is not None and self._caller.can_access(found.project_id) else None

    def activity(self, id: str) -> Awaitable[Activity | None]:  # noqa: A002 - the schema's name
        """Load an activity; its session may have been deleted."""
        return self._reads.load("activity", self._by(queries.read_by_id, Activity), id)

    def path_times(self, session_id: str) -> Awaitable[list[PathTime]]:
        """Load the path times of a session, the longest first."""
        return self._reads.load("path_times", self._by(queries.read_path_times), session_id)

    def data_points(self, session_id: str, names: Sequence[str] | None = None) -> Awaitable[list[DataPointView]]:
        """Load all data points of a session, or those of some names, in the order of the form."""
        query = DataPointQuery(session_id, None if names is None else tuple(sorted({name.lower() for name in names})))
        return self._own.load("data_points", self._by(read_points, self._budget), query)

    def value(self, point: DataPointView) -> Awaitable[str | None]:
        return self._own.load("value", self._by(read_values, "value", self._budget), point.value_key)

    def raw_data(self, point: DataPointView) -> Awaitable[bytes | None]:
        return self._own.load("raw_data", self._by(read_values, "raw_data", self._budget), point.value_key)

    def media_state(self, session_id: str) -> Awaitable[PlaybackState | None]:
        """Load the playback state of a session; None if it has no player events."""
        return self._reads.load("media_state", self._by(queries.read_media_states), session_id)

    async def project_sessions(self, project_id: str, page: ProjectPage, now: Instant) -> tuple[list[Session], bool]:
        """Load a page of the sessions of a project, and whether there are more; one statement for all projects."""
        rows = await self._own.load("project_sessions", self._by(read_project_pages, now), (project_id, page))
        size, backwards = page.args.size, page.args.backwards
        return rows[-size:] if backwards else rows[:size], len(rows) > size

    def project_session_count(self, project_id: str, session_filter: Filter, now: Instant) -> Awaitable[int]:
        """Count the sessions of a project; one statement for all projects."""
        read = partial(_read, self._database.read_heavy, count_in_projects, self._caller, (now,))
        return self._own.load("project_session_count", read, (project_id, session_filter))

    def timeline_count(self, session_id: str, types: ActivityTypes | None) -> Awaitable[int]:
        """Count the activities of a session; one statement for all sessions with the same types."""
        return self._own.load("timeline_count", self._by(count_timelines), (session_id, types))

    def timeline(self, session_id: str, page: TimelinePage) -> Awaitable[PageRows[Activity]]:
        """Load a page of a session's timeline; one statement for all sessions with the same page."""
        return self._reads.load("timeline", self._by(read_timelines), (session_id, page))

    def clear(self) -> None:
        """Drop loaded rows, after a write."""
        self._own.clear()

    def _by(self, query: Callable[..., list[Value]], *args: Any) -> Callable[[list[Any]], Awaitable[list[Value]]]:
        return partial(_read, self._database.read, query, self._caller, args)


# What a loader reads with must not refer to the loaders: a cycle would keep all rows until the collector runs.


def _read(
    read: Callable[..., Awaitable[list[Value]]],
    query: Callable[..., list[Value]],
    caller: Caller,
    args: tuple[Any, ...],
    keys: list[Any],
) -> Awaitable[list[Value]]:
    return read(query, caller, keys, *args)


async def _read_projects(
    database: Database, caller: Caller, projects: ProjectCache, shown: dict[str, Project], ids: list[str]
) -> list[Project | None]:
    version = projects.version
    found = await database.read(queries.read_by_id, caller, ids, Project)
    rows = {project.id: project for project in found if project is not None}
    projects.store(rows.values(), version)
    shown |= rows
    return found
