"""SQL conditions and sort orders of lists of sessions.

Ended sessions are most of a database that has been used for a while, and they seldom change: indexes hold what is
usually queried of them. Live sessions (all others, including those that expired and are not yet recorded as ended) are
few: their rows are read and the session rules applied. Both are read in one statement, from one state of the database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, Concatenate, Final, ParamSpec, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select
from sqlalchemy.sql.functions import coalesce

from models import session_rules
from models.bounded_cache import BoundedCache
from models.clock import Instant
from models.database import Statement, Transaction
from models.dialect import MAX_INT64, no_index
from models.enums import State
from models.session_rules import NOW, SqlInstant
from models.tables import path_time, project, session
from models.tables.rows import Session
from resolvers.access import Caller
from resolvers.errors import BadUserInput
from resolvers.filters import Filter, in_scope, project_condition, scope_values
from resolvers.filters.predicates import ended_column, ended_column_unindexed
from resolvers.pagination import cursors
from resolvers.pagination.keyset import PageArgs, PagedQuery
from resolvers.pagination.sorted_list import MAX_LISTS, Columns, PageShape, SortedList, SortKey, page_ids

P = ParamSpec("P")

SessionOrder: TypeAlias = tuple[tuple[str, str], ...]
"""Fields with ASC or DESC."""

COVERING_INDEX_COLUMNS: Final = frozenset(
    {"project_id", "kind", "end_reason", "subject", "started_at", "ended_at", ended_column("last_seen_at").name}
)
"""Columns in the covering indexes of ended sessions, apart from the measures."""
PATH_TIME_COLUMNS: Final = frozenset(
    {"project_id", "kind", "started_at", "ended_at", "end_reason", ended_column("last_seen_at").name}
)
"""Columns of ended sessions in the covering index of their path times."""


@dataclass(frozen=True)
class SessionSelection:
    """The sessions in a caller's projects that match a filter at `now`, as conditions on the session table."""

    caller: Caller
    session_filter: Filter
    now: SqlInstant
    of_project: bool = False
    """Whether the conditions are part of a statement on projects, and mean the sessions of its project."""
    is_parameterized: bool = False
    """Whether the conditions have parameters in the place of values."""

    @property
    def shape(self) -> tuple[str, bool, bool]:
        """Equal for selections whose conditions differ in nothing but the values of `parameters`."""
        return self.session_filter.shape, self.caller.project_ids is not None, self.of_project

    def parameterized(self) -> "SessionSelection":
        """Return the same selection, whose conditions have `parameters` in the place of values."""
        return replace(self, session_filter=self.session_filter.parameterized(), now=NOW, is_parameterized=True)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"now": self.now, **scope_values(self.caller), **self.session_filter.parameters}

    def is_accessible(self, project_id: ColumnElement[Any]) -> ColumnElement[bool]:
        if self.of_project:
            return project_id == project.c.id
        if self.is_parameterized:
            return in_scope(project_id, scoped=self.caller.project_ids is not None)
        return project_condition(self.caller, project_id)

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
        project_id = no_index(session.c.project_id) if self.session_filter.names_ids else session.c.project_id
        return and_(self.is_accessible(project_id), self.session_filter.sql(self.now))

    @property
    def active(self) -> ColumnElement[bool]:
        return and_(self.live, session_rules.in_state_sql(State.ACTIVE, self.now))

    @property
    def ended_path_times(self) -> ColumnElement[bool] | None:
        """Condition on path times of ended sessions; None if it needs columns that only the session has."""
        if not self.session_filter.ended_columns <= PATH_TIME_COLUMNS:
            return None
        return and_(
            self.is_accessible(path_time.c.project_id),
            self.session_filter.ended_sql(partial(ended_column, table=path_time)),
        )

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


_statements: Final = BoundedCache[Any, Statement[Any]](256)


def prepared(
    build: Callable[Concatenate[SessionSelection, P], Select[Any]],
    selection: SessionSelection,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Statement[tuple[Any, ...]]:
    """Return the statement that `build` makes for a selection, made once for all with its shape.

    It is executed with the parameters of the selection. The other arguments are part of the key.
    """
    key = build, selection.shape, args, tuple(kwargs.items())
    return _statements.get(key, lambda: Statement(build(selection.parameterized(), *args, **kwargs)))


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """The first or last sessions of a project that match a filter."""

    session_filter: Filter
    order_by: SessionOrder
    args: PageArgs
    columns: Columns = None


def read_project_pages(
    tx: Transaction, caller: Caller, keys: Sequence[tuple[str, ProjectPage]], now: Instant
) -> list[list[Session]]:
    """Read the sessions of a page, and one more, for each project; one statement for all that have the same page."""
    found: dict[tuple[str, ProjectPage], list[Session]] = {key: [] for key in keys}
    for page in dict.fromkeys(page for _, page in keys):
        selection = SessionSelection(caller, page.session_filter, now, of_project=True)
        query, args = session_list(selection, page.order_by), page.args
        statement = _project_pages(selection, query, page)
        ids = [id_ for id_, other in keys if other == page]
        limit = {"limit": args.size + 1, "offset": args.offset or 0}
        for s in statement.rows(tx, **query.values, **limit, requested=ids):
            found[s.project_id, page].append(s)
        for id_ in ids:
            query.sort(found[id_, page])
    return [found[key] for key in keys]


def _project_pages(selection: SessionSelection, query: PagedQuery[Session], page: ProjectPage) -> Statement[Session]:
    columns, backwards = page.columns, page.args.backwards
    if columns is not None:
        columns |= {"project_id", *query.source.sort_columns}

    def build() -> Statement[Session]:
        row = session.alias()
        chosen = [column for column in row.c if columns is None or column.key in columns]
        ids = page_ids(query.source, PageShape(backwards)).correlate(project)
        statement = select(*chosen).join_from(project, row, row.c.id.in_(ids)).where(_requested(selection))
        return Statement(statement, Session)

    return _statements.get((selection.shape, page.order_by, backwards, columns), build)


def count_in_projects(tx: Transaction, caller: Caller, keys: Sequence[tuple[str, Filter]], now: Instant) -> list[int]:
    """Count the sessions of each project that match a filter; one statement for all that have the same filter."""
    counts: dict[tuple[str, Filter], int] = {}
    for session_filter in dict.fromkeys(session_filter for _, session_filter in keys):
        selection = SessionSelection(caller, session_filter, now, of_project=True)
        ids = [id_ for id_, other in keys if other == session_filter]
        statement = prepared(_counts_in_projects, selection)
        for project_id, count in statement.rows(tx, **selection.parameters, requested=ids):
            counts[project_id, session_filter] = count
    return [counts.get(key, 0) for key in keys]


def _counts_in_projects(selection: SessionSelection) -> Select[Any]:
    return select(project.c.id, selection.total).where(_requested(selection))


def _requested(selection: SessionSelection) -> ColumnElement[bool]:
    is_accessible = in_scope(project.c.id, scoped=selection.caller.project_ids is not None)
    return and_(is_accessible, project.c.id.in_(bindparam("requested", expanding=True)))


_lists: Final = BoundedCache[Any, SortedList[Session]](MAX_LISTS)


def session_list(selection: SessionSelection, order_by: SessionOrder) -> PagedQuery[Session]:
    """Return the query of a list.

    Raises:
        BadUserInput: a field is named twice.
    """
    if len(order_by) != len({field for field, _ in order_by}):
        raise BadUserInput("must name each field once, not twice", ("orderBy",))
    source = _lists.get((selection.shape, order_by), lambda: _session_list(selection.parameterized(), order_by))
    assert isinstance(selection.now, int), "the list is read at a moment"
    session_filter = selection.session_filter
    return PagedQuery(
        source,
        lambda: cursors.fingerprint("sessions", session_filter.fingerprint, order_by),
        selection.parameters,
        selection.now,
    )


def _session_list(selection: SessionSelection, order_by: SessionOrder) -> SortedList[Session]:
    tie_breakers = ("RANK", "ID") if selection.session_filter.guides_only else ("ID",)
    order = [*order_by, *((field, order_by[-1][1]) for field in tie_breakers)]
    # The indexes on started_at hold all sessions; the indexes of the other fields only ended ones.
    is_indexed = order_by[0][0] == "STARTED_AT"
    return SortedList(
        # Of no effect on a statement that is not part of one on projects.
        rows=select(session).where(selection.matching).correlate(project) if is_indexed else select(session),
        segments=() if is_indexed else _segments(selection, [field for field, _ in order]),
        row_class=Session,
        keys=[_sort_key(field, descending=direction == "DESC") for field, direction in order],
        count=selection.count(),
    )


def _sort_key(field: str, *, descending: bool) -> SortKey[Session]:
    if field == "ENDED_AT":
        end = coalesce(session.c.ended_at, _live_end(NOW))
        return SortKey(end, _effective_end, session_rules.COLUMNS_OF[session_rules.effective_end], int, descending)
    name = field.lower()
    if field == "RANK":
        return SortKey(session.c.rank, lambda s, _: s.rank or 0.0, frozenset({name}), float, descending)
    get, type_ = attrgetter(name), str if field == "ID" else int
    return SortKey(session.c[name], lambda s, _: get(s), frozenset({name}), type_, descending)


def _live_end(now: SqlInstant) -> ColumnElement[Any]:
    """Return the end of sessions that expired; sessions that have not ended sort as the latest."""
    return case((session_rules.is_expired_sql(now), session.c.expires_at), else_=MAX_INT64)


def _effective_end(s: Session, now: Instant) -> Instant:
    end = session_rules.effective_end(s, now)
    return MAX_INT64 if end is None else end


def _segments(selection: SessionSelection, fields: Sequence[str]) -> list[Select[Any]]:
    """Return statements for the sort values of ended sessions, in index order, and of live ones."""
    live_columns = [_live_end(selection.now) if field == "ENDED_AT" else session.c[field.lower()] for field in fields]
    live = select(*_label(live_columns)).where(selection.live).correlate(project)
    if fields[0] == "LAST_SEEN_AT":
        live = live.where(session.c.end_reason.is_(None))  # the condition of the index in this order
    if selection.session_filter.excludes_ended:
        return [live]
    ended_columns = [ended_column(field.lower()) for field in fields]
    # The index of the first field is partial: it needs its condition.
    ended = select(*_label(ended_columns)).where(selection.ended_in_index_order, ended_columns[0].is_not(None))
    return [ended.correlate(project), live]


def _label(columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [column.label(f"key_{number}") for number, column in enumerate(columns)]
