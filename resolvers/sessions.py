"""Reading sessions: one by its id, and lists."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from sqlalchemy import select
from sqlalchemy.sql.functions import coalesce

from models import rule
from models.clock import Instant
from models.ids import SESSION, is_made_here
from models.tables import session
from models.tables.session import Session
from models.words import Scope
from resolvers import cursors
from resolvers.access import require
from resolvers.context import Context
from resolvers.errors import BadUserInput
from resolvers.filters import Filter
from resolvers.halves import Halves
from resolvers.keyset import Key, Listing, read_page
from resolvers.pages import Page, PageArgs

DEFAULT_ORDER: Final = (("STARTED_AT", "DESC"),)

_COLUMNS: Final = {"STARTED_AT": "started_at", "LAST_SEEN_AT": "last_seen_at", "CREATED_AT": "created_at"}
_NEVER: Final = 2**63 - 1
"""Where a session that has not ended stands in the order of ends: last."""


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
        page: see `resolvers.pages.window`.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: an argument is not allowed; a cursor is of another filter or order.
    """
    require(context.caller, Scope.READ)
    chosen = Filter.parse(filter)
    wanted = [(str(field), str(direction)) for field, direction in order] or list(DEFAULT_ORDER)
    halves = Halves(context.caller, chosen, context.now)
    listing = Listing(
        tag=cursors.tag("sessions", chosen.fingerprint, wanted),
        rows=select(session).where(halves.both),
        count=halves.count,
        whole=None if wanted[0][0] == "STARTED_AT" else select(session),
        make=Session,
        keys=_keys(wanted, context.now, ranked=chosen.is_of_guides),
    )
    return await read_page(context.database, listing, page)


def _keys(order: Sequence[tuple[str, str]], now: Instant, *, ranked: bool) -> list[Key[Session]]:
    fields = [field for field, _ in order]
    if len(fields) != len(set(fields)):
        raise BadUserInput("orderBy names a field twice")
    directions = [direction == "DESC" for _, direction in order]
    keys = [_key(field, now, descending=descending) for field, descending in zip(fields, directions, strict=True)]
    if ranked:
        keys.append(Key(session.c.rank, lambda s: s.rank or 0.0, float, directions[-1]))
    return [*keys, Key(session.c.id, lambda s: s.id, str, directions[-1])]


def _key(field: str, now: Instant, *, descending: bool) -> Key[Session]:
    if field == "ENDED_AT":
        return Key(coalesce(rule.effective_end_sql(now), _NEVER), lambda s: _end(s, now), int, descending)
    column = _COLUMNS[field]
    return Key(session.c[column], lambda s: cast("int", getattr(s, column)), int, descending)


def _end(s: Session, now: Instant) -> Instant:
    end = rule.effective_end(s, now)
    return _NEVER if end is None else end
