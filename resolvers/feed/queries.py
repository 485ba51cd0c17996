"""What the feed reads: each function one look at one state of the database."""

import sys
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import BindParameter, Select, and_, bindparam, exists, func, select
from sqlalchemy.engine import Connection

from models.clock import Instant
from models.dialect import last_sequence
from models.tables import activity, session
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.feed.scope import ActivityScope, SessionScope

T = TypeVar("T")

PAGE_SIZE: Final = 500
"""Sessions in one part of a snapshot, and in one statement by ids."""
BATCH_SIZE: Final = 1000
"""Entries of the log in one batch."""

_ACTIVITY_WIDTH: Final = len(activity.columns)


def head(tx: Connection) -> int:
    """The position of the newest entry of the log; 0 where there is none.

    On SQLite the one writer makes positions grow in the order of commits, so nothing appears below it later on.
    """
    return tx.execute(select(func.max(activity.c.position))).scalar_one() or 0


class ReadTransaction:
    """One state of the database, for all who look at it at the same time."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx

    @cached_property
    def head(self) -> int:
        """As `head`, read once."""
        return head(self.tx)


def max_position_ever(tx: Connection) -> int:
    """The highest position that the log ever had: its newest entry may have been cleared away."""
    return max(head(tx), last_sequence(tx, activity))


def sessions_by_id(tx: Connection, ids: Collection[str]) -> dict[str, Session]:
    """The sessions of these ids that are there, whosever they are: the feed reads for all."""
    found = {}
    for chunk in batched(sorted(ids), PAGE_SIZE):
        for row in tx.execute(select(session).where(session.c.id.in_(chunk))):
            found[row[0]] = Session(*row)
    return found


def batched(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """A sequence in parts of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


class NewEntries(NamedTuple):
    """What is new in the log."""

    position: int
    """The newest entry that has been read."""
    entries: list[Activity]
    rows: dict[str, Session]
    """The sessions of the entries, and others that were asked for, as they are now; without those that are gone."""
    complete: bool
    """Whether it reaches to the end of the log."""


def new_entries(tx: Connection, after: int, ids: Collection[str]) -> NewEntries:
    """The entries after a position, and their sessions and those of `ids` as they are now."""
    statement = select(activity).where(activity.c.position > after).order_by(activity.c.position).limit(BATCH_SIZE)
    rows = tx.execute(statement).all()
    entries = [Activity(*row) for row in rows]
    found = sessions_by_id(tx, {entry.session_id for entry in entries}.union(ids))
    return NewEntries(rows[-1].position if rows else after, entries, found, len(rows) < BATCH_SIZE)


class SetMembers(NamedTuple):
    """The ids of a set at a position of the log."""

    position: int
    ids: set[str]


def members(read_tx: ReadTransaction, now: Instant, scope: SessionScope) -> SetMembers:
    """The set as it is now. Sets of the same sessions share the texts of their ids."""
    ids = read_tx.tx.execute(select(session.c.id).where(scope.sql(now))).scalars()
    return SetMembers(read_tx.head, set(map(sys.intern, ids)))


class SnapshotPage(NamedTuple):
    """The newest sessions of a set at a position of the log."""

    position: int
    ids: list[str]
    rows: list[Session]
    """The first `PART` of them."""
    total: int
    """How many the whole set has."""


def snapshot(read_tx: ReadTransaction, now: Instant, scope: SessionScope, limit: int) -> SnapshotPage:
    """At most `most` sessions of the set as it is now, the latest start first."""
    matching = scope.sql(now)
    order = (session.c.started_at.desc(), session.c.id.desc())
    first = select(session).where(matching).order_by(*order).limit(PAGE_SIZE + 1)
    rows = [Session(*row) for row in read_tx.tx.execute(first)]
    ids = [s.id for s in rows]
    if len(ids) > PAGE_SIZE:
        ids = list(read_tx.tx.execute(select(session.c.id).where(matching).order_by(*order).limit(limit + 1)).scalars())
    total = len(ids)
    if total > limit:
        total = read_tx.tx.execute(select(func.count()).select_from(session).where(matching)).scalar_one()
    return SnapshotPage(read_tx.head, ids[:limit], rows[: min(limit, PAGE_SIZE)], total)


class ChangedSession(NamedTuple):
    """A session whose newest entry is behind a position, as it is now."""

    entry: Activity
    session: Session | None
    existed_before: bool
    """Whether it has entries at the position or before it: whoever was there may hold it."""


class MissedChanges(NamedTuple):
    """Some of what a stream has missed."""

    until: int
    """Where the stretch ends."""
    log_head: int
    """Where the log ended when this was read: the sessions are as they were then."""
    sessions: list[ChangedSession]

    @property
    def complete(self) -> bool:
        """Whether there is no more of it."""
        return len(self.sessions) < PAGE_SIZE


class LogRange(NamedTuple):
    """A part of the log that is read bit by bit."""

    after: int
    """Where the last bit ended."""
    until: int | None = None
    """Where the log ended when the first bit was read; null for the first bit."""


def missed_changes(
    read_tx: ReadTransaction, _now: Instant, scope: SessionScope, start: int, log_range: LogRange
) -> MissedChanges:
    """The sessions with entries in a stretch of the log, each once, in the order of their newest entries there.

    Args:
        look: where to read.
        chosen: only sessions that can be among these.
        start: where the stream ended.
        stretch: where to look.
    """
    log_head = read_tx.head
    until = log_head if log_range.until is None else log_range.until
    found = []
    parameters = {"start": start, "after": log_range.after, "until": until}
    for existed_before, *values in read_tx.tx.execute(_missed_statement(scope, PAGE_SIZE), parameters):
        row = values[_ACTIVITY_WIDTH:]
        found.append(
            ChangedSession(
                Activity(*values[:_ACTIVITY_WIDTH]),
                None if row[0] is None else Session(*row),
                existed_before=bool(existed_before),
            )
        )
    return MissedChanges(until, log_head, found)


@lru_cache(maxsize=128)
def _missed_statement(scope: SessionScope, limit: int) -> Select[Any]:
    # Kept, as it costs more to put together than to execute; and those who come in a crowd ask the same.
    start: BindParameter[int] = bindparam("start")
    after: BindParameter[int] = bindparam("after")
    until: BindParameter[int] = bindparam("until")
    newer, older = activity.alias(), activity.alias()
    same_session = newer.c.session_id == activity.c.session_id
    is_newest = ~exists().where(same_session, newer.c.position > activity.c.position, newer.c.position <= until)
    existed_before = exists().where(older.c.session_id == activity.c.session_id, older.c.position <= start)
    return (
        select(existed_before, *activity.c, *session.c)
        .select_from(activity.outerjoin(session, session.c.id == activity.c.session_id))
        .where(scope.could_contain_sql(), activity.c.position > after, activity.c.position <= until, is_newest)
        .order_by(activity.c.position)
        .limit(limit)
    )


class LogPage(NamedTuple):
    """Some of the log."""

    until: int
    entries: list[Activity]

    @property
    def complete(self) -> bool:
        """Whether there is no more of it."""
        return len(self.entries) < PAGE_SIZE


def log_page(read_tx: ReadTransaction, now: Instant, scope: ActivityScope, log_range: LogRange) -> LogPage:
    """The entries in a stretch of the log that are chosen now."""
    until = read_tx.head if log_range.until is None else log_range.until
    in_range = and_(activity.c.position > log_range.after, activity.c.position <= until)
    rows = select(activity).where(*scope.conditions(now), in_range).order_by(activity.c.position).limit(PAGE_SIZE)
    if scope.needs_session:
        rows = rows.join(session, session.c.id == activity.c.session_id)
    return LogPage(until, [Activity(*row) for row in read_tx.tx.execute(rows)])


def is_recent(tx: Connection, position: int, since: Instant) -> bool:
    """Whether a place in the log is proved to be no older than `since`.

    An entry is never committed before the time it bears; so one that is recent, at the place or shortly before it, says
    that the place is; one right behind it says that nothing between the two can have been cleared away yet.
    """
    near = activity.c.position.between(position - 1000, position + 1)
    return tx.execute(select(activity.c.position).where(near, activity.c.at > since).limit(1)).first() is not None
