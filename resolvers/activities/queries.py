"""The timelines of several sessions at once: a page of each, with one statement for all."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, and_, false, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.functions import coalesce

from models.tables import activity, session
from models.tables.activity import Activity
from resolvers.access import Caller, in_reach
from resolvers.errors import BadUserInput
from resolvers.pagination import cursors
from resolvers.pagination.keyset import Slice
from resolvers.pagination.page import PageArgs, window

Types: TypeAlias = tuple[str, ...]

_LAST: Final = 2**63 - 1
_LIMITS: Final = {False: _LAST, True: 0}


class Span(NamedTuple):
    """Which part of a timeline: at most `size` activities of some types between two positions of the log."""

    types: Types | None
    size: int
    backwards: bool
    after: int | None
    before: int | None


def span(types: Sequence[str] | None, page: PageArgs, database_id: str) -> Span:
    """The part of a timeline that a client asks for.

    Raises:
        BadUserInput: the page's arguments are not allowed, or a cursor is not of this database.
    """
    asked = window(page)
    if asked.offset:
        raise BadUserInput("a timeline takes cursors, no offset")
    return Span(
        plain_types(types),
        asked.size,
        asked.backwards,
        _position("after", asked.after, database_id),
        _position("before", asked.before, database_id),
    )


def plain_types(types: Sequence[str] | None) -> Types | None:
    """Types of activities as text, each once; null: all."""
    return None if types is None else tuple(sorted({str(kind) for kind in types}))


def of_types(types: Types | None) -> list[ColumnElement[bool]]:
    """The condition that an activity is of one of these types."""
    return [] if types is None else [activity.c.type.in_(types)]


def cursor(node: Activity, database_id: str) -> str:
    """The place of an activity in the log of that database: good for every list of activities."""
    assert node.position is not None
    return cursors.encode(database_id, (node.position,))


def _position(name: str, text: str | None, database_id: str) -> int | None:
    if text is None:
        return None
    match cursors.decode(text, database_id, [int]):
        case [int(position)]:
            return position
    raise BadUserInput(f"{name} is not a cursor of the activities of this database")


def read_timelines(
    tx: Connection, caller: Caller, session_ids: Sequence[str], wanted: Span
) -> dict[str, Slice[Activity]]:
    """The part `wanted` of the timeline of each session that is there; reads no row more than it needs of any."""
    log = activity.alias()
    mine = [activity.c.session_id == session.c.id, *_within(activity.c, wanted)]
    # One more than wanted, to know whether there are more: no row of a session is read beyond that one's position.
    furthest = coalesce(
        select(log.c.position)
        .where(log.c.session_id == session.c.id, *_within(log.c, wanted))
        .order_by(log.c.position.desc() if wanted.backwards else log.c.position)
        .limit(1)
        .offset(wanted.size)
        .correlate(session)
        .scalar_subquery(),
        _LIMITS[wanted.backwards],
    )
    near = activity.c.position >= furthest if wanted.backwards else activity.c.position <= furthest
    statement = (
        select(session.c.id, *_outside(wanted), *activity.c)
        .select_from(session.outerjoin(activity, and_(*mine, near)))
        .where(in_reach(caller, session.c.project_id), session.c.id.in_(session_ids))
        .order_by(session.c.id, activity.c.position)
    )
    rows: dict[str, list[Sequence[Any]]] = {}
    for row in tx.execute(statement):
        rows.setdefault(row[0], []).append(row)
    return {session_id: _slice(found, wanted) for session_id, found in rows.items()}


def _within(columns: Any, wanted: Span) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [] if wanted.types is None else [columns.type.in_(wanted.types)]
    if wanted.after is not None:
        conditions.append(columns.position > wanted.after)
    if wanted.before is not None:
        conditions.append(columns.position < wanted.before)
    return conditions


def _outside(wanted: Span) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether a session has activities on the far sides of the two positions."""
    other = activity.alias()

    def beyond(condition: ColumnElement[bool]) -> ColumnElement[bool]:
        own = [other.c.session_id == session.c.id, condition]
        if wanted.types is not None:
            own.append(other.c.type.in_(wanted.types))
        return select(other.c.position).where(*own).correlate(session).exists()

    return (
        false() if wanted.after is None else beyond(other.c.position <= wanted.after),
        false() if wanted.before is None else beyond(other.c.position >= wanted.before),
    )


def _slice(rows: list[Sequence[Any]], wanted: Span) -> Slice[Activity]:
    _, earlier, later, *_ = rows[0]
    found = [Activity(*row[3:]) for row in rows if row[3] is not None]
    more = len(found) > wanted.size
    if wanted.backwards:
        return Slice(found[-wanted.size :], has_next=bool(later), has_previous=more or bool(earlier))
    return Slice(found[: wanted.size], has_next=more or bool(later), has_previous=bool(earlier))


def count_timeline(tx: Connection, caller: Caller, session_id: str, types: Types | None) -> int:
    """How many activities of these types a session has."""
    mine = [in_reach(caller, activity.c.project_id), activity.c.session_id == session_id, *of_types(types)]
    return int(tx.execute(select(func.count()).select_from(activity).where(*mine)).scalar_one())
