"""SQL conditions and sort orders of lists of sessions.

Ended sessions are most of a database that has been used for a while, and they seldom change: indexes hold what is
usually queried of them. Live sessions (all others, including those that expired and are not yet recorded as ended) are
few: their rows are read and the session rules applied. Both are read in one statement, from one state of the database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.sql.functions import coalesce

from models import session_rules
from models.clock import Instant
from models.database import Transaction
from models.dialect import MAX_INT64, no_index
from models.enums import State
from models.tables import path_time, project, session
from models.tables.rows import Session
from resolvers.access import Caller
from resolvers.errors import BadUserInput
from resolvers.filters import Filter, project_condition
from resolvers.filters.predicates import ended_column, ended_column_unindexed
from resolvers.pagination import cursors
from resolvers.pagination.keyset import PageArgs, PagedQuery, SortKey, page_ids, sort_nodes

COVERING_INDEX_COLUMNS: Final = frozenset(
    {"project_id", "kind", "end_reason", "subject", "started_at", "ended_at", ended_column("last_seen_at").name}
)
"""Columns in the covering indexes of ended sessions, apart from the measures."""
PATH_TIME_COLUMNS: Final = frozenset({"project_id", "kind", "started_at", "ended_at", "end_reason"})
"""Columns of ended sessions in the covering index of their path times."""


@dataclass(frozen=True)
class SessionSelection:
    """The sessions in a caller's projects that match a filter at `now`, as conditions on the session table."""

    caller: Caller
    session_filter: Filter
    now: Instant
    of_project: bool = False
    """Whether the conditions are part of a statement on projects, and mean the sessions of its project."""

    def is_accessible(self, project_id: ColumnElement[Any]) -> ColumnElement[bool]:
        return project_id == project.c.id if self.of_project else project_condition(self.caller, project_id)

    @cached_property
    def ended(self) -> ColumnElement[bool]:
        return self._ended(indexed=self.is_covered)

    @property
    def ended_in_table(self) -> ColumnElement[bool]:
        """Like `ended`, for statements that read columns which no covering index has."""
        return self._ended(indexed=False)

    def _ended(self, *, indexed: bool) -> ColumnElement[bool]:
        is_ended = session_rules.is_ended_sql(indexed=indexed)
        return and_(self.is_accessible(session.c.project_id), is_ended, self.session_filter.ended_sql())

    @cached_property
    def live(self) -> ColumnElement[bool]:
        # Not by the index on project_id: a project has far more ended sessions than there are live ones in all.
        is_accessible = self.is_accessible(ended_column_unindexed("project_id"))
        return and_(is_accessible, session_rules.is_live_sql(), self.session_filter.live_sql(self.now))

    @property
    def ended_in_index_order(self) -> ColumnElement[bool]:
        """Like `ended`, for statements that scan a certain index, in the order of a list for example."""
        is_accessible = self.is_accessible(ended_column_unindexed("project_id"))
        filtered = self.session_filter.ended_sql(ended_column_unindexed)
        return and_(is_accessible, session_rules.is_ended_sql(), filtered)

    @property
    def matching(self) -> ColumnElement[bool]:
        """Ended and live sessions; if no ended one can match, only live rows are read."""
        if self.session_filter.excludes_ended:
            return self.live
        project_id = session.c.project_id if self.session_filter.ids is None else no_index(session.c.project_id)
        return and_(self.is_accessible(project_id), self.session_filter.sql(self.now))

    @property
    def active(self) -> ColumnElement[bool]:
        return and_(self.live, session_rules.in_state_sql(State.ACTIVE, self.now))

    @property
    def visible(self) -> ColumnElement[bool]:
        return and_(self.active, session.c.visible)

    @property
    def ended_path_times(self) -> ColumnElement[bool] | None:
        """Condition on path times of ended sessions; None if it needs columns that only the session has."""
        if not self.session_filter.ended_columns <= PATH_TIME_COLUMNS:
            return None
        return and_(self.is_accessible(path_time.c.project_id), self.session_filter.ended_sql(path_time.c.__getitem__))

    @cached_property
    def is_covered(self) -> bool:
        """Whether covering indexes answer `ended` without reading rows.

        Otherwise a scan of the table is faster than one of an index that reads the rows in another order.
        """
        return self.session_filter.ended_columns <= COVERING_INDEX_COLUMNS

    @property
    def total(self) -> ColumnElement[int]:
        return _count(self.ended) + _count(self.live)

    def count(self) -> Select[Any]:
        return select(self.total)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(session).where(condition).scalar_subquery()


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """The first or last sessions of a project that match a filter."""

    session_filter: Filter
    order_by: tuple[tuple[str, str], ...]
    args: PageArgs


def read_project_pages(
    tx: Transaction, caller: Caller, keys: Sequence[tuple[str, ProjectPage]], now: Instant
) -> list[list[Session]]:
    """Read the sessions of a page, and one more, for each project; one statement for all that have the same page."""
    found: dict[tuple[str, ProjectPage], list[Session]] = {key: [] for key in keys}
    for page in dict.fromkeys(page for _, page in keys):
        query = session_list(SessionSelection(caller, page.session_filter, now, of_project=True), page.order_by)
        row = session.alias()
        statement = (
            select(project.c.id, *row.c)
            .join_from(project, row, row.c.id.in_(page_ids(query, page.args).correlate(project)))
            .where(_requested(caller, [id_ for id_, other in keys if other == page]))
        )
        for project_id, *columns in tx.execute(statement):
            found[project_id, page].append(Session(*columns))
        for project_id, other in keys:
            if other == page:
                sort_nodes(query, found[project_id, page])
    return [found[key] for key in keys]


def count_in_projects(tx: Transaction, caller: Caller, keys: Sequence[tuple[str, Filter]], now: Instant) -> list[int]:
    """Count the sessions of each project that match a filter; one statement for all that have the same filter."""
    counts: dict[tuple[str, Filter], int] = {}
    for session_filter in dict.fromkeys(session_filter for _, session_filter in keys):
        selection = SessionSelection(caller, session_filter, now, of_project=True)
        ids = [id_ for id_, other in keys if other == session_filter]
        for project_id, count in tx.execute(select(project.c.id, selection.total).where(_requested(caller, ids))):
            counts[project_id, session_filter] = count
    return [counts.get(key, 0) for key in keys]


def _requested(caller: Caller, project_ids: Sequence[str]) -> ColumnElement[bool]:
    return and_(project_condition(caller, project.c.id), project.c.id.in_(project_ids))


def session_list(selection: SessionSelection, order_by: Sequence[tuple[str, str]]) -> PagedQuery[Session]:
    """Build the query of a list.

    Raises:
        BadUserInput: a field is named twice.
    """
    if len(order_by) != len({field for field, _ in order_by}):
        raise BadUserInput("must name each field once, not twice", ("orderBy",))
    tie_breakers = ("RANK", "ID") if selection.session_filter.guides_only else ("ID",)
    order = [*order_by, *((field, order_by[-1][1]) for field in tie_breakers)]
    # The indexes on started_at hold all sessions; the indexes of the other fields only ended ones.
    is_indexed = order_by[0][0] == "STARTED_AT"
    return PagedQuery(
        list_id=cursors.fingerprint("sessions", selection.session_filter.fingerprint, order_by),
        # Of no effect on a statement that is not part of one on projects.
        rows=select(session).where(selection.matching).correlate(project) if is_indexed else select(session),
        segments=() if is_indexed else _segments(selection, [field for field, _ in order]),
        from_row=Session,
        keys=[_sort_key(field, selection.now, descending=direction == "DESC") for field, direction in order],
        count_statement=selection.count,
    )


def _sort_key(field: str, now: Instant, *, descending: bool) -> SortKey[Session]:
    column = coalesce(session.c.ended_at, _live_end(now)) if field == "ENDED_AT" else session.c[field.lower()]
    return SortKey(column, _sort_value(field, now), _SORT_TYPES.get(field, int), descending)


_SORT_TYPES: Final[dict[str, type[float] | type[str]]] = {"RANK": float, "ID": str}


def _live_end(now: Instant) -> ColumnElement[Any]:
    """Return the end of sessions that expired; sessions that have not ended sort as the latest."""
    return case((session_rules.is_expired_sql(now), session.c.expires_at), else_=MAX_INT64)


def _sort_value(field: str, now: Instant) -> Callable[[Session], Any]:
    if field == "RANK":
        return lambda s: s.rank or 0.0
    if field != "ENDED_AT":
        return attrgetter(field.lower())

    def effective_end(s: Session) -> Instant:
        end = session_rules.effective_end(s, now)
        return MAX_INT64 if end is None else end

    return effective_end


def _segments(selection: SessionSelection, fields: Sequence[str]) -> list[Select[Any]]:
    """Return statements for the sort values of ended sessions, in index order, and of live ones."""
    live_columns = [_live_end(selection.now) if field == "ENDED_AT" else session.c[field.lower()] for field in fields]
    live = select(*_label(live_columns)).where(selection.live).correlate(project)
    if selection.session_filter.excludes_ended:
        return [live]
    ended_columns = [ended_column(field.lower()) for field in fields]
    # The index of the first field is partial: it needs its condition.
    ended = select(*_label(ended_columns)).where(selection.ended_in_index_order, ended_columns[0].is_not(None))
    return [ended.correlate(project), live]


def _label(columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [column.label(f"key_{number}") for number, column in enumerate(columns)]
