"""Reading sessions: one by its id, and lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from models.enums import Scope
from models.ids import SESSION, is_generated_id
from models.tables import session
from models.tables.session import Session
from resolvers.access import require
from resolvers.context import Context
from resolvers.filters import Filter
from resolvers.pagination import cursors
from resolvers.pagination.keyset import PagedQuery, Segment, read_page
from resolvers.pagination.page import Page, PageArgs
from resolvers.sessions.live_and_ended import SessionSelection
from resolvers.sessions.ordering import DEFAULT_ORDER, Order, build_ordering


async def get_session(context: Context, id: str) -> Session | None:  # noqa: A002 - the word of the schema
    """The session of that id; null where there is none, or not for this caller. Knowing the id is enough to read it.

    Raises:
        Forbidden: the caller has neither READ nor WRITE.
    """
    require(context.caller, Scope.READ, Scope.WRITE)
    return await context.loaders.session(id) if id.startswith(SESSION) and is_generated_id(id) else None


async def list_sessions(
    context: Context,
    *,
    filter: Mapping[str, Any] | None,  # noqa: A002 - the word of the schema
    order_by: Sequence[tuple[str, str]],
    page: PageArgs,
) -> Page[Session]:
    """A page of the sessions that the filter names.

    Args:
        filter: as `resolvers.filters.Filter.parse` takes it; null: all.
        order: fields (STARTED_AT, LAST_SEEN_AT, ENDED_AT, CREATED_AT) with ASC or DESC, each field once;
            none: STARTED_AT DESC. What is equal in all of them is sorted by id, in the direction of the last one;
            items of guides that the filter names by their rank first, as the programme of a guide has them.
            ENDED_AT is the effective end; what has not ended counts as latest.
        page: see `resolvers.pagination.page.window`.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: an argument is not allowed; a cursor is of another filter or order.
    """
    require(context.caller, Scope.READ)
    session_filter = Filter.parse(filter)
    order_fields = [(str(field), str(direction)) for field, direction in order_by] or list(DEFAULT_ORDER)
    selection = SessionSelection(context.caller, session_filter, context.now)
    ordering = build_ordering(order_fields, context.now, by_rank=session_filter.guides_only)
    # Indexes of all sessions have the order of starts; in the others there are those of the past alone.
    ordered_by_start = order_fields[0][0] == "STARTED_AT"
    query = PagedQuery(
        list_id=cursors.fingerprint("sessions", session_filter.fingerprint, order_fields),
        rows=select(session).where(selection.matching) if ordered_by_start else select(session),
        count_statement=selection.count,
        segments=() if ordered_by_start else _segments(selection, ordering),
        from_row=Session,
        keys=[one.key for one in ordering],
    )
    return await read_page(context.database, query, page)


def _segments(selection: SessionSelection, ordering: Sequence[Order]) -> list[Segment]:
    """The halves of a list in an order that an index has of what has ended; the others are few."""
    live = Segment(select(session).where(selection.live), [one.live for one in ordering])
    if selection.session_filter.excludes_ended:
        return [live]
    ended = select(session).where(selection.ended_in_index_order, ordering[0].ended.is_not(None))
    return [Segment(ended, [one.ended for one in ordering]), live]
