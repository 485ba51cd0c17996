"""Reading the activity log: of all matching sessions, and of one session (its timeline)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from models.enums import Scope
from models.tables.rows import Activity
from resolvers.access import require
from resolvers.activities.queries import TimelinePage, activity_list, normalize_types
from resolvers.context import Context
from resolvers.errors import BadUserInput
from resolvers.filters import Filter
from resolvers.pagination import cursors
from resolvers.pagination.keyset import ALL, Page, PageArgs, Selection, read_page


async def list_activities(
    context: Context,
    *,
    filter: Mapping[str, Any] | None,  # noqa: A002 - the schema's name
    types: Sequence[str] | None,
    page: PageArgs,
    selection: Selection = ALL,
) -> Page[Activity]:
    """Return a page of the log, oldest first.

    The filter applies to sessions as they are now. A filter by ids, kinds and projects alone applies to the log, and
    finds activities of deleted sessions as well.

    Args:
        filter: see `Filter.parse`; None matches all.
        types: only these types; None for all.
        page: its cursors are positions in the log, valid with any filter.
        selection: what is read of the page.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: an argument is invalid; a cursor is not of this database.
    """
    require(context.caller, Scope.READ)
    database_id = context.database.database_id
    query = activity_list(context.caller, Filter.parse(filter), normalize_types(types), context.now, database_id)
    return await read_page(context.database, query, page, selection)


async def session_activities(
    context: Context,
    session_id: str,
    *,
    types: Sequence[str] | None,
    page: PageArgs,
) -> Page[Activity]:
    """Return a page of one session's timeline, oldest first; empty if the caller cannot access the session.

    Raises:
        BadUserInput: an argument is invalid; a cursor is not of this database.
    """
    # Validated before the loader groups sessions by page: one invalid page must not fail the others.
    page.validate()
    if page.offset:
        raise BadUserInput("must not be set for a timeline: use cursors", ("offset",))
    after, before = (_decode_position(context, name, getattr(page, name)) for name in ("after", "before"))
    timeline_page = TimelinePage(normalize_types(types), page.size, page.backwards, after, before)
    nodes, has_next, has_previous = await context.loaders.timeline(session_id, timeline_page)
    count = partial(context.loaders.timeline_count, session_id, timeline_page.types)
    return Page(nodes, has_next, has_previous, partial(activity_cursor, context), count)


def activity_cursor(context: Context, activity: Activity) -> str:
    """Return the position of an activity as a cursor of every list of activities."""
    assert activity.position is not None
    return cursors.encode(context.database.database_id, (activity.position,))


def _decode_position(context: Context, name: str, cursor: str | None) -> int | None:
    if cursor is None:
        return None
    match cursors.decode(cursor, context.database.database_id, [int]):
        case [int(position)]:
            return position
    raise BadUserInput("is not a cursor of the activities of this database", (name,))
