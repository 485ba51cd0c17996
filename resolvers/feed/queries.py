"""What the feed reads: each function one look at one state of the database."""

import sys
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import BindParameter, Select, and_, bindparam, exists, func, select
from sqlalchemy.engine import Connection

from models.clock import Instant
from models.dialect import last_number
from models.tables import activity, session
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.feed.scope import Chosen, ChosenEntries

T = TypeVar("T")

PART: Final = 500
"""Sessions in one part of a snapshot, and in one statement by ids."""
ENTRIES: Final = 1000
"""Entries of the log in one batch."""

_WIDTH: Final = len(activity.columns)


def head(tx: Connection) -> int:
    """The position of the newest entry of the log; 0 where there is none.

    On SQLite the one writer makes positions grow in the order of commits, so nothing appears below it later on.
    """
    return tx.execute(select(func.max(activity.c.position))).scalar_one() or 0


class Look:
    """One state of the database, for all who look at it at the same time."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx

    @cached_property
    def head(self) -> int:
        """As `head`, read once."""
        return head(self.tx)


def furthest(tx: Connection) -> int:
    """The highest position that the log ever had: its newest entry may have been cleared away."""
    return max(head(tx), last_number(tx, activity))


def sessions(tx: Connection, ids: Collection[str]) -> dict[str, Session]:
    """The sessions of these ids that are there, whosever they are: the feed reads for all."""
    found = {}
    for some in cut(sorted(ids), PART):
        for row in tx.execute(select(session).where(session.c.id.in_(some))):
            found[row[0]] = Session(*row)
    return found


def cut(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """A sequence in parts of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


class News(NamedTuple):
    """What is new in the log."""

    position: int
    """The newest entry that has been read."""
    entries: list[Activity]
    rows: dict[str, Session]
    """The sessions of the entries, and others that were asked for, as they are now; without those that are gone."""
    complete: bool
    """Whether it reaches to the end of the log."""


def news(tx: Connection, after: int, ids: Collection[str]) -> News:
    """The entries after a position, and their sessions and those of `ids` as they are now."""
    statement = select(activity).where(activity.c.position > after).order_by(activity.c.position).limit(ENTRIES)
    rows = tx.execute(statement).all()
    entries = [Activity(*row) for row in rows]
    found = sessions(tx, {entry.session_id for entry in entries}.union(ids))
    return News(rows[-1].position if rows else after, entries, found, len(rows) < ENTRIES)


class Members(NamedTuple):
    """The ids of a set at a position of the log."""

    position: int
    ids: set[str]


def members(look: Look, now: Instant, chosen: Chosen) -> Members:
    """The set as it is now. Sets of the same sessions share the texts of their ids."""
    ids = look.tx.execute(select(session.c.id).where(chosen.sql(now))).scalars()
    return Members(look.head, set(map(sys.intern, ids)))


class Newest(NamedTuple):
    """The newest sessions of a set at a position of the log."""

    position: int
    ids: list[str]
    rows: list[Session]
    """The first `PART` of them."""
    total: int
    """How many the whole set has."""


def newest(look: Look, now: Instant, chosen: Chosen, most: int) -> Newest:
    """At most `most` sessions of the set as it is now, the latest start first."""
    matching = chosen.sql(now)
    order = (session.c.started_at.desc(), session.c.id.desc())
    first = select(session).where(matching).order_by(*order).limit(PART + 1)
    rows = [Session(*row) for row in look.tx.execute(first)]
    ids = [s.id for s in rows]
    if len(ids) > PART:
        ids = list(look.tx.execute(select(session.c.id).where(matching).order_by(*order).limit(most + 1)).scalars())
    total = len(ids)
    if total > most:
        total = look.tx.execute(select(func.count()).select_from(session).where(matching)).scalar_one()
    return Newest(look.head, ids[:most], rows[: min(most, PART)], total)


class Since(NamedTuple):
    """A session whose newest entry is behind a position, as it is now."""

    entry: Activity
    session: Session | None
    known: bool
    """Whether it has entries at the position or before it: whoever was there may hold it."""


class Missed(NamedTuple):
    """Some of what a stream has missed."""

    head: int
    """Where the stretch ends."""
    seen: int
    """Where the log ended when this was read: the sessions are as they were then."""
    sessions: list[Since]

    @property
    def complete(self) -> bool:
        """Whether there is no more of it."""
        return len(self.sessions) < PART


class Stretch(NamedTuple):
    """A part of the log that is read bit by bit."""

    after: int
    """Where the last bit ended."""
    until: int | None = None
    """Where the log ended when the first bit was read; null for the first bit."""


def missed(look: Look, _now: Instant, chosen: Chosen, start: int, stretch: Stretch) -> Missed:
    """The sessions with entries in a stretch of the log, each once, in the order of their newest entries there.

    Args:
        look: where to read.
        chosen: only sessions that can be among these.
        start: where the stream ended.
        stretch: where to look.
    """
    seen = look.head
    until = seen if stretch.until is None else stretch.until
    found = []
    given = {"start": start, "after": stretch.after, "until": until}
    for was_known, *values in look.tx.execute(_missed(chosen, PART), given):
        row = values[_WIDTH:]
        found.append(
            Since(Activity(*values[:_WIDTH]), None if row[0] is None else Session(*row), known=bool(was_known))
        )
    return Missed(until, seen, found)


@lru_cache(maxsize=128)
def _missed(chosen: Chosen, most: int) -> Select[Any]:
    # Kept, as it costs more to put together than to execute; and those who come in a crowd ask the same.
    start: BindParameter[int] = bindparam("start")
    after: BindParameter[int] = bindparam("after")
    until: BindParameter[int] = bindparam("until")
    newer, older = activity.alias(), activity.alias()
    same = newer.c.session_id == activity.c.session_id
    is_newest = ~exists().where(same, newer.c.position > activity.c.position, newer.c.position <= until)
    known = exists().where(older.c.session_id == activity.c.session_id, older.c.position <= start)
    return (
        select(known, *activity.c, *session.c)
        .select_from(activity.outerjoin(session, session.c.id == activity.c.session_id))
        .where(chosen.may_have_sql(), activity.c.position > after, activity.c.position <= until, is_newest)
        .order_by(activity.c.position)
        .limit(most)
    )


class Entries(NamedTuple):
    """Some of the log."""

    head: int
    entries: list[Activity]

    @property
    def complete(self) -> bool:
        """Whether there is no more of it."""
        return len(self.entries) < PART


def entries(look: Look, now: Instant, chosen: ChosenEntries, stretch: Stretch) -> Entries:
    """The entries in a stretch of the log that are chosen now."""
    until = look.head if stretch.until is None else stretch.until
    behind = and_(activity.c.position > stretch.after, activity.c.position <= until)
    rows = select(activity).where(*chosen.sql(now), behind).order_by(activity.c.position).limit(PART)
    if chosen.needs_session:
        rows = rows.join(session, session.c.id == activity.c.session_id)
    return Entries(until, [Activity(*row) for row in look.tx.execute(rows)])


def is_recent(tx: Connection, position: int, since: Instant) -> bool:
    """Whether a place in the log is proved to be no older than `since`.

    An entry is never committed before the time it bears; so one that is recent, at the place or shortly before it, says
    that the place is; one right behind it says that nothing between the two can have been cleared away yet.
    """
    near = activity.c.position.between(position - 1000, position + 1)
    return tx.execute(select(activity.c.position).where(near, activity.c.at > since).limit(1)).first() is not None
