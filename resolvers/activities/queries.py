"""The timelines of several sessions at once: a page of each, with one statement for all."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, and_, false, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.functions import coalesce

from models.tables import activity, session
from models.tables.activity import Activity
from resolvers.access import Caller, project_condition
from resolvers.errors import BadUserInput
from resolvers.pagination import cursors
from resolvers.pagination.keyset import PageSlice
from resolvers.pagination.page import PageArgs, validate_page_args

ActivityTypes: TypeAlias = tuple[str, ...]

_MAX_POSITION: Final = 2**63 - 1
_DEFAULT_BOUND: Final = {False: _MAX_POSITION, True: 0}


class TimelinePage(NamedTuple):
    """Which part of a timeline: at most `size` activities of some types between two positions of the log."""

    types: ActivityTypes | None
    size: int
    backwards: bool
    after: int | None
    before: int | None


def timeline_page(types: Sequence[str] | None, page: PageArgs, database_id: str) -> TimelinePage:
    """The part of a timeline that a client asks for.

    Raises:
        BadUserInput: the page's arguments are not allowed, or a cursor is not of this database.
    """
    window = validate_page_args(page)
    if window.offset:
        raise BadUserInput("a timeline takes cursors, no offset")
    return TimelinePage(
        normalize_types(types),
        window.size,
        window.backwards,
        _decode_position("after", window.after, database_id),
        _decode_position("before", window.before, database_id),
    )


def normalize_types(types: Sequence[str] | None) -> ActivityTypes | None:
    """Types of activities as text, each once; null: all."""
    return None if types is None else tuple(sorted({str(kind) for kind in types}))


def type_condition(types: ActivityTypes | None) -> list[ColumnElement[bool]]:
    """The condition that an activity is of one of these types."""
    return [] if types is None else [activity.c.type.in_(types)]


def encode_cursor(node: Activity, database_id: str) -> str:
    """The place of an activity in the log of that database: good for every list of activities."""
    assert node.position is not None
    return cursors.encode(database_id, (node.position,))


def _decode_position(name: str, text: str | None, database_id: str) -> int | None:
    if text is None:
        return None
    match cursors.decode(text, database_id, [int]):
        case [int(position)]:
            return position
    raise BadUserInput(f"{name} is not a cursor of the activities of this database")


def read_timelines(
    tx: Connection, caller: Caller, session_ids: Sequence[str], page: TimelinePage
) -> dict[str, PageSlice[Activity]]:
    """The part `wanted` of the timeline of each session that is there; reads no row more than it needs of any."""
    log = activity.alias()
    mine = [activity.c.session_id == session.c.id, *_page_conditions(activity.c, page)]
    # One more than wanted, to know whether there are more: no row of a session is read beyond that one's position.
    last_position = coalesce(
        select(log.c.position)
        .where(log.c.session_id == session.c.id, *_page_conditions(log.c, page))
        .order_by(log.c.position.desc() if page.backwards else log.c.position)
        .limit(1)
        .offset(page.size)
        .correlate(session)
        .scalar_subquery(),
        _DEFAULT_BOUND[page.backwards],
    )
    within_limit = activity.c.position >= last_position if page.backwards else activity.c.position <= last_position
    statement = (
        select(session.c.id, *_exists_beyond(page), *activity.c)
        .select_from(session.outerjoin(activity, and_(*mine, within_limit)))
        .where(project_condition(caller, session.c.project_id), session.c.id.in_(session_ids))
        .order_by(session.c.id, activity.c.position)
    )
    rows: dict[str, list[Sequence[Any]]] = {}
    for row in tx.execute(statement):
        rows.setdefault(row[0], []).append(row)
    return {session_id: _to_slice(found, page) for session_id, found in rows.items()}


def _page_conditions(columns: Any, page: TimelinePage) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [] if page.types is None else [columns.type.in_(page.types)]
    if page.after is not None:
        conditions.append(columns.position > page.after)
    if page.before is not None:
        conditions.append(columns.position < page.before)
    return conditions


def _exists_beyond(page: TimelinePage) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether a session has activities on the far sides of the two positions."""
    other = activity.alias()

    def beyond(condition: ColumnElement[bool]) -> ColumnElement[bool]:
        own = [other.c.session_id == session.c.id, condition]
        if page.types is not None:
            own.append(other.c.type.in_(page.types))
        return select(other.c.position).where(*own).correlate(session).exists()

    return (
        false() if page.after is None else beyond(other.c.position <= page.after),
        false() if page.before is None else beyond(other.c.position >= page.before),
    )


def _to_slice(rows: list[Sequence[Any]], page: TimelinePage) -> PageSlice[Activity]:
    _, earlier, later, *_ = rows[0]
    found = [Activity(*row[3:]) for row in rows if row[3] is not None]
    more = len(found) > page.size
    if page.backwards:
        return PageSlice(found[-page.size :], has_next=bool(later), has_previous=more or bool(earlier))
    return PageSlice(found[: page.size], has_next=more or bool(later), has_previous=bool(earlier))


def count_timeline(tx: Connection, caller: Caller, session_id: str, types: ActivityTypes | None) -> int:
    """How many activities of these types a session has."""
    mine = [
        project_condition(caller, activity.c.project_id),
        activity.c.session_id == session_id,
        *type_condition(types),
    ]
    return int(tx.execute(select(func.count()).select_from(activity).where(*mine)).scalar_one())
