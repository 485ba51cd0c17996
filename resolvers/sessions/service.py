"""Reading one session and lists of sessions."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from models.enums import Scope
from models.ids import SESSION, is_generated_id
from models.tables.rows import Session
from resolvers.access import require
from resolvers.context import Context
from resolvers.filters import Filter
from resolvers.loaders import resolved
from resolvers.pagination.keyset import ALL, Page, PageArgs, PagedQuery, Selection, read_page
from resolvers.pagination.sorted_list import Columns
from resolvers.sessions.queries import ProjectPage, SessionSelection, session_list


async def get_session(
    context: Context,
    id: str,  # noqa: A002 - the schema's name
    columns: Columns = None,
) -> Session | None:
    """Return a session with some of its columns; None if it does not exist or is in another project.

    Its id is enough to read it.

    Raises:
        Forbidden: the caller has neither READ nor WRITE.
    """
    require(context.caller, Scope.READ, Scope.WRITE)
    if not id.startswith(SESSION) or not is_generated_id(id):
        return None
    return await resolved(context.loaders.session(id, columns))


async def list_sessions(
    context: Context,
    *,
    filter: Mapping[str, Any] | None,  # noqa: A002 - the schema's name
    order_by: Sequence[tuple[str, str]],
    page: PageArgs,
    selection: Selection = ALL,
) -> Page[Session]:
    """Return a page of the sessions that match a filter.

    Args:
        filter: see `Filter.parse`; None matches all.
        order_by: fields (STARTED_AT, LAST_SEEN_AT, ENDED_AT, CREATED_AT) with ASC or DESC; by default STARTED_AT DESC.
            Ties are broken by id in the direction of the last field; agenda items of filtered guides by rank first.
            ENDED_AT is the effective end; sessions that have not ended sort as the latest.
        page: which part of the list.
        selection: what is read of it.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: an argument is invalid; a cursor is of another filter or order.
    """
    require(context.caller, Scope.READ)
    query = _session_list(context, filter, order_by)
    return await read_page(context.database, query, page, selection)


async def list_project_sessions(  # noqa: PLR0913 - what the field's arguments mean
    context: Context,
    project_id: str,
    *,
    filter: Mapping[str, Any],  # noqa: A002 - the schema's name
    order_by: Sequence[tuple[str, str]],
    page: PageArgs,
    selection: Selection = ALL,
) -> Page[Session]:
    """Return a page of the sessions of a project, as `list_sessions` does with a filter by the project.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: an argument is invalid; a cursor is of another project, filter or order.
    """
    require(context.caller, Scope.READ)
    page.validate()
    requested = filter.get("project_ids")
    ids = [project_id] if requested is None or project_id in requested else []
    query = _session_list(context, {**filter, "project_ids": ids}, order_by)
    if page.after is not None or page.before is not None:
        # A cursor belongs to one project, so there are no others to read in the same statement.
        return await read_page(context.database, query, page, selection)
    session_filter = Filter.parse(filter)
    project_page = ProjectPage(session_filter, _normalize_order(order_by), page, selection.columns)
    nodes, more = await context.loaders.project_sessions(project_id, project_page, context.now)
    return Page(
        nodes,
        has_next_page=more and not page.backwards,
        has_previous_page=more and page.backwards,
        cursor_of=query.cursor_maker(),
        total_count=partial(context.loaders.project_session_count, project_id, session_filter, context.now),
    )


def _session_list(
    context: Context, client_filter: Mapping[str, Any] | None, order_by: Sequence[tuple[str, str]]
) -> PagedQuery[Session]:
    selection = SessionSelection(context.caller, Filter.parse(client_filter), context.now)
    return session_list(selection, _normalize_order(order_by))


def _normalize_order(order_by: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(field), str(direction)) for field, direction in order_by) or (("STARTED_AT", "DESC"),)
