"""Statements on the activity log: of all sessions, and timelines of several sessions at once."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias, cast

from sqlalchemy import ColumnElement, and_, bindparam, false, func, select
from sqlalchemy.sql.functions import coalesce

from models.bounded_cache import BoundedCache
from models.clock import Instant
from models.database import Transaction
from models.dialect import MAX_INT64, no_index
from models.session_rules import NOW
from models.tables import activity, session
from models.tables.rows import Activity
from resolvers.access import Caller
from resolvers.filters import Filter, in_scope, project_condition, scope_values
from resolvers.pagination.keyset import PagedQuery, PageRows
from resolvers.pagination.sorted_list import MAX_LISTS, SortedList, SortKey

ActivityTypes: TypeAlias = tuple[str, ...]

_UNBOUNDED: Final = {False: MAX_INT64, True: 0}


def normalize_types(types: Sequence[str] | None) -> ActivityTypes | None:
    """Sort types and drop duplicates."""
    return None if types is None else tuple(sorted({str(type_) for type_ in types}))


def activity_list(
    caller: Caller, session_filter: Filter, types: ActivityTypes | None, now: Instant, database_id: str
) -> PagedQuery[Activity]:
    scoped = caller.project_ids is not None
    key = scoped, session_filter.shape, types is not None
    source = _activity_lists.get(key, lambda: _activity_list(session_filter.parameterized(), *key))
    values = {"now": now, "types": types or (), **scope_values(caller), **session_filter.parameters}
    return PagedQuery(source, lambda: database_id, values)


_activity_lists: Final = BoundedCache[Any, SortedList[Activity]](MAX_LISTS)


def _activity_list(session_filter: Filter, scoped: bool, _shape: str, has_types: bool) -> SortedList[Activity]:
    rows = select(activity).where(in_scope(activity.c.project_id, scoped=scoped))
    if session_filter.answerable_from_log:
        rows = rows.where(session_filter.could_match_sql())
    else:
        rows = rows.join(session, session.c.id == activity.c.session_id).where(session_filter.sql(NOW))
    if has_types:
        rows = rows.where(activity.c.type.in_(bindparam("types", expanding=True)))
    position: SortKey[Activity] = SortKey(
        activity.c.position, lambda entry, _: cast("int", entry.position), frozenset({"position"}), int
    )
    return SortedList(rows, Activity, [position])


class TimelinePage(NamedTuple):
    """A page of a timeline: at most `size` activities of some types between two positions of the log."""

    types: ActivityTypes | None
    size: int
    backwards: bool
    after: int | None
    before: int | None


def read_timelines(
    tx: Transaction, caller: Caller, keys: Sequence[tuple[str, TimelinePage]]
) -> list[PageRows[Activity]]:
    """Read a page for each session id, with one statement for each distinct page (usually one)."""
    found: dict[tuple[str, TimelinePage], PageRows[Activity]] = {}
    for page in dict.fromkeys(page for _, page in keys):
        rows: dict[str, list[Sequence[Any]]] = {}
        for row in tx.execute(_timelines(caller, [id_ for id_, other in keys if other == page], page)):
            rows.setdefault(row[0], []).append(row)
        found |= {(session_id, page): _to_page(group, page) for session_id, group in rows.items()}
    return [found.get(key) or ([], False, False) for key in keys]


def count_timelines(tx: Transaction, caller: Caller, keys: Sequence[tuple[str, ActivityTypes | None]]) -> list[int]:
    """Count the activities of each session, with one statement for each distinct choice of types."""
    counts: dict[tuple[str, ActivityTypes | None], int] = {}
    for types in dict.fromkeys(types for _, types in keys):
        statement = (
            select(activity.c.session_id, func.count())
            .where(project_condition(caller, no_index(activity.c.project_id)), *_has_type(activity.c, types))
            .where(activity.c.session_id.in_([id_ for id_, other in keys if other == types]))
            .group_by(activity.c.session_id)
        )
        counts |= {(session_id, types): count for session_id, count in tx.execute(statement)}
    return [counts.get(key, 0) for key in keys]


def _timelines(caller: Caller, session_ids: Sequence[str], page: TimelinePage) -> Any:
    log = activity.alias()
    in_session = [activity.c.session_id == session.c.id, *_in_page(activity.c, page)]
    # The position of one activity more than the page has shows whether there are more; no rows are read beyond it.
    last_position = coalesce(
        select(log.c.position)
        .where(log.c.session_id == session.c.id, *_in_page(log.c, page))
        .order_by(log.c.position.desc() if page.backwards else log.c.position)
        .limit(1)
        .offset(page.size)
        .correlate(session)
        .scalar_subquery(),
        _UNBOUNDED[page.backwards],
    )
    within = activity.c.position >= last_position if page.backwards else activity.c.position <= last_position
    return (
        select(session.c.id, *_exists_beyond(page), *activity.c)
        .select_from(session.outerjoin(activity, and_(*in_session, within)))
        .where(project_condition(caller, no_index(session.c.project_id)), session.c.id.in_(session_ids))
        .order_by(session.c.id, activity.c.position)
    )


def _has_type(columns: Any, types: ActivityTypes | None) -> list[ColumnElement[bool]]:
    return [] if types is None else [columns.type.in_(types)]


def _in_page(columns: Any, page: TimelinePage) -> list[ColumnElement[bool]]:
    conditions = _has_type(columns, page.types)
    if page.after is not None:
        conditions.append(columns.position > page.after)
    if page.before is not None:
        conditions.append(columns.position < page.before)
    return conditions


def _exists_beyond(page: TimelinePage) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return whether a session has activities at or before `after`, and at or after `before`."""
    other = activity.alias()

    def exists(condition: ColumnElement[bool]) -> ColumnElement[bool]:
        in_session = [other.c.session_id == session.c.id, condition, *_has_type(other.c, page.types)]
        return select(other.c.position).where(*in_session).correlate(session).exists()

    return (
        false() if page.after is None else exists(other.c.position <= page.after),
        false() if page.before is None else exists(other.c.position >= page.before),
    )


def _to_page(rows: list[Sequence[Any]], page: TimelinePage) -> PageRows[Activity]:
    _, earlier, later, *_ = rows[0]
    # Without activities the outer join leaves one row of nulls.
    nodes = [Activity(*row[3:]) for row in rows if row[3] is not None]
    more = len(nodes) > page.size
    if page.backwards:
        return nodes[-page.size :], bool(later), more or bool(earlier)
    return nodes[: page.size], more or bool(later), bool(earlier)
