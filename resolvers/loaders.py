"""What one operation reads by id: keys asked for together are read with one statement."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Table, select
from sqlalchemy.engine import Connection
from strawberry.dataloader import DataLoader

from models import tables
from models.clock import Instant
from models.database import Database
from models.tables.activity import Activity
from models.tables.path_time import PathTime
from models.tables.project import Project
from models.tables.session import Session
from resolvers.access import Caller, project_condition
from resolvers.activities import queries
from resolvers.activities.queries import TimelinePage
from resolvers.forms.queries import DataPointQuery, DataPointView, ReadBudget, ValueKey, read_points, read_values
from resolvers.media import PlaybackState
from resolvers.pagination.keyset import PageSlice
from resolvers.pagination.page import Page, PageArgs

T = TypeVar("T")

MAX_BATCH: Final = 500
"""Keys in one statement."""


class Loaders:
    """The loaders of one operation. What is outside the caller's projects is not there."""

    def __init__(self, database: Database, caller: Caller, now: Instant) -> None:
        self._database = database
        self._caller = caller
        self._now = now
        self._loaders: dict[str, DataLoader[Any, Any]] = {}
        self._budget = ReadBudget()

    async def project(self, id: str) -> Project | None:  # noqa: A002 - the word of the schema
        """The project of that id."""
        found: Project | None = await self._load("project", id, self._projects)
        return found

    async def session(self, id: str) -> Session | None:  # noqa: A002 - the word of the schema
        """The session of that id."""
        found: Session | None = await self._load("session", id, self._sessions)
        return found

    async def activity(self, id: str) -> Activity | None:  # noqa: A002 - the word of the schema
        """The activity of that id, also where its session is gone."""
        found: Activity | None = await self._load("activity", id, self._activities)
        return found

    async def path_times(self, session_id: str) -> list[PathTime]:
        """Its visible time on each path; longest first, then by path."""
        found: list[PathTime] = await self._load("path_times", session_id, self._path_times)
        return found

    async def data_points(self, session_id: str, names: Sequence[str] | None = None) -> list[DataPointView]:
        """Its data points in the order of the form, all or those of these names; none where it is not of kind FIELD.

        Raises:
            TooMuchData: the operation asks for too many.
        """
        query = DataPointQuery(session_id, None if names is None else tuple(sorted({name.lower() for name in names})))
        found: list[DataPointView] = await self._load("data_points", query, self._data_points)
        return found

    async def value(self, point: DataPointView) -> str | None:
        """The value of a data point that is a long text.

        Raises:
            TooMuchData: the operation asks for too much.
        """
        found: str | None = await self._load("values", point.value_key, self._values)
        return found

    async def raw_data(self, point: DataPointView) -> bytes | None:
        """The value of a data point that is binary data.

        Raises:
            TooMuchData: the operation asks for too much.
        """
        found: bytes | None = await self._load("raw_data", point.value_key, self._raw_data)
        return found

    async def media_state(self, session_id: str) -> PlaybackState | None:
        """What the rules of playback remember of it; null where its player has told nothing."""
        found: PlaybackState | None = await self._load("media_states", session_id, self._media_states)
        return found

    async def activities(self, session_id: str, types: Sequence[str] | None, page: PageArgs) -> Page[Activity]:
        """A page of its timeline; one statement for all sessions that are asked with equal arguments.

        Raises:
            BadUserInput: the page's arguments are not allowed, or a cursor is not of this database.
        """
        database_id = self.database_id
        timeline_page = queries.timeline_page(types, page, database_id)
        found: PageSlice[Activity] = await self._load("timelines", (session_id, timeline_page), self._timelines)
        return Page(
            found.nodes,
            cursor=lambda node: queries.encode_cursor(node, database_id),
            has_next_page=found.has_next,
            has_previous_page=found.has_previous,
            count=lambda: self._database.read(queries.count_timeline, self._caller, session_id, timeline_page.types),
        )

    @property
    def database_id(self) -> str:
        """The identity of the database, which cursors of its log carry."""
        return self._database.database_id

    def clear(self) -> None:
        """Forget what was read: to be called where an operation goes on after a change."""
        self._loaders.clear()

    def _load(self, name: str, key: Any, read: Callable[[list[Any]], Awaitable[list[Any]]]) -> Awaitable[Any]:
        loader = self._loaders.get(name)
        if loader is None:
            loader = self._loaders[name] = DataLoader(load_fn=read, max_batch_size=MAX_BATCH)
        return loader.load(key)

    async def _projects(self, ids: list[str]) -> list[Project | None]:
        return await self._database.read(_load_by_id, self._caller, tables.project, Project, ids)

    async def _sessions(self, ids: list[str]) -> list[Session | None]:
        return await self._database.read(_load_by_id, self._caller, tables.session, Session, ids)

    async def _activities(self, ids: list[str]) -> list[Activity | None]:
        return await self._database.read(_load_by_id, self._caller, tables.activity, Activity, ids)

    async def _path_times(self, ids: list[str]) -> list[list[PathTime]]:
        found = await self._database.read(_load_by_session, self._caller, tables.path_time, PathTime, ids)
        return [sorted(rows, key=lambda time: (-time.visible_ms, time.path)) for rows in found]

    async def _data_points(self, keys: list[DataPointQuery]) -> list[list[DataPointView]]:
        return await self._database.read(read_points, self._caller, keys, self._budget)

    async def _values(self, contents: list[ValueKey]) -> list[str | None]:
        return await self._database.read(read_values, self._caller, "value", contents, self._budget)

    async def _raw_data(self, contents: list[ValueKey]) -> list[bytes | None]:
        return await self._database.read(read_values, self._caller, "raw_data", contents, self._budget)

    async def _media_states(self, ids: list[str]) -> list[PlaybackState | None]:
        return await self._database.read(_load_media_states, self._caller, ids)

    async def _timelines(self, keys: list[tuple[str, TimelinePage]]) -> list[PageSlice[Activity]]:
        return await self._database.read(_load_timelines, self._caller, keys)


def _load_by_id(
    tx: Connection, caller: Caller, table: Table, from_row: Callable[..., T], ids: list[str]
) -> list[T | None]:
    """The rows of these ids, in their order."""
    project_id = table.c.id if table is tables.project else table.c.project_id
    statement = select(table).where(project_condition(caller, project_id), table.c.id.in_(ids))
    found = {row.id: from_row(*row) for row in tx.execute(statement)}
    return [found.get(id_) for id_ in ids]


def _load_by_session(
    tx: Connection, caller: Caller, table: Table, from_row: Callable[..., T], session_ids: list[str]
) -> list[list[T]]:
    """The rows that belong to each of these sessions."""
    statement = (
        select(table)
        .join(tables.session, tables.session.c.id == table.c.session_id)
        .where(project_condition(caller, tables.session.c.project_id), table.c.session_id.in_(session_ids))
    )
    found: dict[str, list[T]] = {session_id: [] for session_id in session_ids}
    for row in tx.execute(statement):
        found[row.session_id].append(from_row(*row))
    return [found[session_id] for session_id in session_ids]


def _load_media_states(tx: Connection, caller: Caller, session_ids: list[str]) -> list[PlaybackState | None]:
    """The playback of each of these sessions; of its row only what is read from it."""
    media_state = tables.media_state
    statement = (
        select(media_state.c.session_id, media_state.c.state)
        .join(tables.session, tables.session.c.id == media_state.c.session_id)
        .where(project_condition(caller, tables.session.c.project_id), media_state.c.session_id.in_(session_ids))
    )
    found = {session_id: PlaybackState.load(state) for session_id, state in tx.execute(statement)}
    return [found.get(session_id) for session_id in session_ids]


def _load_timelines(tx: Connection, caller: Caller, keys: list[tuple[str, TimelinePage]]) -> list[PageSlice[Activity]]:
    """A statement for each span that is asked for, usually one."""
    sessions: dict[TimelinePage, list[str]] = {}
    for session_id, page in keys:
        sessions.setdefault(page, []).append(session_id)
    found = {span: queries.read_timelines(tx, caller, ids, span) for span, ids in sessions.items()}
    return [found[span].get(session_id, PageSlice([], has_next=False, has_previous=False)) for session_id, span in keys]
