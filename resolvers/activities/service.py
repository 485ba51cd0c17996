"""Reading the log: of all sessions that a filter names, and of one."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Select, select

from models.enums import Scope
from models.tables import activity, session
from models.tables.activity import Activity
from resolvers.access import project_condition, require
from resolvers.activities import queries
from resolvers.context import Context
from resolvers.filters import Filter
from resolvers.pagination.keyset import PagedQuery, SortKey, read_page
from resolvers.pagination.page import Page, PageArgs


async def list_activities(
    context: Context,
    *,
    filter: Mapping[str, Any] | None,  # noqa: A002 - the word of the schema
    types: Sequence[str] | None,
    page: PageArgs,
) -> Page[Activity]:
    """A page of the log in its order, the oldest first; `last: n` gives the newest.

    The filter asks of each session as it is now. Where it names only ids, kinds and projects it asks the log
    itself, and finds also what it says of sessions that are gone (REPLACED, DELETED).

    Args:
        filter: as `resolvers.filters.Filter.parse` takes it; null: all.
        types: of these types only; null: of all.
        page: see `resolvers.pagination.page.window`. A cursor is good for any filter, as it is a place in the log.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: an argument is not allowed; a cursor is not of this database.
    """
    require(context.caller, Scope.READ)
    query = PagedQuery(
        list_id=context.loaders.database_id,
        rows=_matching_entries(context, Filter.parse(filter)).where(
            *queries.type_condition(queries.normalize_types(types))
        ),
        from_row=Activity,
        keys=[SortKey(activity.c.position, lambda entry: cast("int", entry.position), int)],
    )
    return await read_page(context.database, query, page)


def _matching_entries(context: Context, session_filter: Filter) -> Select[Any]:
    rows = select(activity).where(project_condition(context.caller, activity.c.project_id))
    log_condition = session_filter.activity_condition()
    if log_condition is not None:
        return rows.where(log_condition)
    return rows.join(session, session.c.id == activity.c.session_id).where(session_filter.sql(context.now))


async def session_activities(
    context: Context,
    session_id: str,
    *,
    types: Sequence[str] | None,
    page: PageArgs,
) -> Page[Activity]:
    """A page of one session's timeline, the oldest first; empty where the session is not there for this caller.

    Sessions that are asked together with equal arguments are read with one statement.

    Raises:
        BadUserInput: an argument is not allowed; a cursor is not of this database.
    """
    return await context.loaders.activities(session_id, types, page)


def activity_cursor(context: Context, activity: Activity) -> str:
    """The place of an activity in the log, good for every list of activities of this database."""
    return queries.encode_cursor(activity, context.loaders.database_id)
