"""Reading sessions: one by its id, and lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from models.enums import Scope
from models.ids import SESSION, is_made_here
from models.tables import session
from models.tables.session import Session
from resolvers.access import require
from resolvers.context import Context
from resolvers.filters import Filter
from resolvers.pagination import cursors
from resolvers.pagination.keyset import Listing, Part, read_page
from resolvers.pagination.page import Page, PageArgs
from resolvers.sessions.live_and_ended import Halves
from resolvers.sessions.ordering import DEFAULT, Order, orders


async def get_session(context: Context, id: str) -> Session | None:  # noqa: A002 - the word of the schema
    """The session of that id; null where there is none, or not for this caller. Knowing the id is enough to read it.

    Raises:
        Forbidden: the caller has neither READ nor WRITE.
    """
    require(context.caller, Scope.READ, Scope.WRITE)
    return await context.loaders.session(id) if id.startswith(SESSION) and is_made_here(id) else None


async def list_sessions(
    context: Context,
    *,
    filter: Mapping[str, Any] | None,  # noqa: A002 - the word of the schema
    order: Sequence[tuple[str, str]],
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
    chosen = Filter.parse(filter)
    wanted = [(str(field), str(direction)) for field, direction in order] or list(DEFAULT)
    halves = Halves(context.caller, chosen, context.now)
    sorted_by = orders(wanted, context.now, ranked=chosen.is_of_guides)
    # Indexes of all sessions have the order of starts; in the others there are those of the past alone.
    is_by_start = wanted[0][0] == "STARTED_AT"
    listing = Listing(
        tag=cursors.tag("sessions", chosen.fingerprint, wanted),
        rows=select(session).where(halves.both) if is_by_start else select(session),
        count=halves.count,
        parts=() if is_by_start else _parts(halves, sorted_by),
        make=Session,
        keys=[one.key for one in sorted_by],
    )
    return await read_page(context.database, listing, page)


def _parts(halves: Halves, sorted_by: Sequence[Order]) -> list[Part]:
    """The halves of a list in an order that an index has of what has ended; the others are few."""
    present = Part(select(session).where(halves.present), [one.present for one in sorted_by])
    if halves.chosen.is_of_present:
        return [present]
    past = select(session).where(halves.past_in_passing, sorted_by[0].past.is_not(None))
    return [Part(past, [one.past for one in sorted_by]), present]
