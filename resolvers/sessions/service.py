"""Reading one session and lists of sessions."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.enums import Scope
from models.ids import SESSION, is_generated_id
from models.tables.rows import Session
from resolvers.access import require
from resolvers.context import Context
from resolvers.filters import Filter
from resolvers.loaders import resolved
from resolvers.pagination.keyset import Page, PageArgs, read_page
from resolvers.sessions.queries import SessionSelection, session_list


async def get_session(context: Context, id: str) -> Session | None:  # noqa: A002 - the schema's name
    """Return a session; None if it does not exist or is in another project. Its id is enough to read it.

    Raises:
        Forbidden: the caller has neither READ nor WRITE.
    """
    require(context.caller, Scope.READ, Scope.WRITE)
    found = context.loaders.session(id) if id.startswith(SESSION) and is_generated_id(id) else None
    return await resolved(found)


async def list_sessions(
    context: Context,
    *,
    filter: Mapping[str, Any] | None,  # noqa: A002 - the schema's name
    order_by: Sequence[tuple[str, str]],
    page: PageArgs,
) -> Page[Session]:
    """Return a page of the sessions that match a filter.

    Args:
        filter: see `Filter.parse`; None matches all.
        order_by: fields (STARTED_AT, LAST_SEEN_AT, ENDED_AT, CREATED_AT) with ASC or DESC; by default STARTED_AT DESC.
            Ties are broken by id in the direction of the last field; agenda items of filtered guides by rank first.
            ENDED_AT is the effective end; sessions that have not ended sort as the latest.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: an argument is invalid; a cursor is of another filter or order.
    """
    require(context.caller, Scope.READ)
    selection = SessionSelection(context.caller, Filter.parse(filter), context.now)
    fields = [(str(field), str(direction)) for field, direction in order_by] or [("STARTED_AT", "DESC")]
    return await read_page(context.database, session_list(selection, fields), page)
