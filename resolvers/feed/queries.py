"""Queries of the log reader and of subscriptions, and the scopes that they are limited to."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, exists, func, select

from models.clock import Instant
from models.database import STORAGE_ERRORS, Transaction
from models.dialect import last_sequence
from models.ids import ID_LENGTH
from models.tables import activity, session
from models.tables.rows import Activity, Session
from resolvers.access import Caller
from resolvers.errors import BadUserInput
from resolvers.feed.consumer import LogBatch
from resolvers.feed.consumer_index import ANCHOR_COLUMNS, Anchor
from resolvers.filters import Filter, project_condition
from resolvers.lifecycle.queries import any_due
from resolvers.pagination import cursors
from resolvers.sessions.queries import SessionSelection

T = TypeVar("T")

PAGE_SIZE: Final = 500
"""Sessions or entries in one page, and ids in one statement."""
SNAPSHOT_PART_SIZE: Final = 100
"""Sessions in one part of a snapshot: executing a subscription on it blocks the event loop for some milliseconds."""
MAX_SET_SIZE: Final = 100_000
"""Sessions in a set that streams follow."""
BATCH_SIZE: Final = 1000
"""Entries in one batch of the log."""

# Built once: building it costs as much as a third of a read.
_SESSIONS_BY_ID: Final = select(session).where(session.c.id.in_(bindparam("ids", expanding=True)))
_ACTIVITY_WIDTH: Final = len(activity.columns)


# ---- scopes ----


@dataclass(frozen=True, slots=True)
class SessionScope:
    """Sessions that a stream is about. Access to projects is checked first."""

    caller: Caller
    filter: Filter

    @property
    def fingerprint(self) -> str:
        """Equal for scopes with the same sessions, whatever the caller's name."""
        project_ids = self.caller.project_ids
        return cursors.fingerprint(
            "feed", self.filter.fingerprint, None if project_ids is None else sorted(project_ids)
        )

    def contains(self, s: Session, now: Instant) -> bool:
        return self.caller.can_access(s.project_id) and self.filter.matches(s, now)

    @property
    def anchor(self) -> Anchor | None:
        """A condition that all sessions of the scope meet from their creation on; null if there is none."""
        named = self.filter.named_values
        if self.caller.project_ids is not None:
            named = {"project_id": self.caller.project_ids, **named}
        return next((Anchor(column, named[column]) for column in ANCHOR_COLUMNS if column in named), None)

    def sql(self, now: Instant) -> ColumnElement[bool]:
        """Return the condition that a session is in the scope now."""
        return SessionSelection(self.caller, self.filter, now).matching

    def could_contain(self, entry: Activity) -> bool:
        """Check by the entry alone whether its session could ever be in the scope."""
        return self.caller.can_access(entry.project_id) and self.filter.could_match(entry)

    def could_contain_sql(self) -> ColumnElement[bool]:
        return and_(project_condition(self.caller, activity.c.project_id), self.filter.could_match_sql())


@dataclass(frozen=True, slots=True)
class ActivityScope:
    """Log entries that a stream is about: those of some sessions."""

    sessions: SessionScope
    types: frozenset[str] | None
    """Null: all."""

    @property
    def needs_session(self) -> bool:
        """Whether the filter needs the session row. If not, entries of deleted sessions match as well."""
        return not self.sessions.filter.answerable_from_log

    def contains(self, entry: Activity, s: Session | None, now: Instant) -> bool:
        """Check an entry of a session that is `s` now (null: deleted)."""
        if self.types is not None and entry.type not in self.types:
            return False
        if not self.needs_session:
            return self.sessions.could_contain(entry)
        return s is not None and self.sessions.contains(s, now)


# ---- batched reads ----


class ReadTransaction:
    """Transaction shared by queries that see the same state of the database."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    @cached_property
    def head(self) -> int:
        return head(self.tx)


Query: TypeAlias = Callable[[ReadTransaction], T]


def run_all(tx: Transaction, queries: Sequence[Query[Any]]) -> list[Any]:
    """Run queries in one transaction. The result of one that fails is its exception."""
    read_tx, results = ReadTransaction(tx), []
    for query in queries:
        try:
            results.append(query(read_tx))
        except STORAGE_ERRORS:
            raise  # the storage failed, not the query
        except Exception as error:
            results.append(error)
    return results


def run_unless_due(tx: Transaction, queries: Sequence[Query[Any]], now: Instant) -> list[Any] | None:
    """As `run_all`; null if a transition is due by `now` that has not been written."""
    return None if any_due(tx, now) else run_all(tx, queries)


# ---- the log ----


def head(tx: Transaction) -> int:
    """Return the position of the newest entry of the log; 0 if it is empty.

    SQLite has one writer, so positions grow in commit order and nothing appears below the head later.
    """
    return tx.execute(select(func.max(activity.c.position))).scalar_one() or 0


def max_position_ever(tx: Transaction) -> int:
    """Return the highest position ever used: retention may have deleted the newest entry."""
    return max(head(tx), last_sequence(tx, activity))


def next_batch(tx: Transaction, after: int, ids: Collection[str], now: Instant, time: float) -> LogBatch:
    """Read the entries after a position with their sessions, and the sessions of `ids`."""
    statement = select(activity).where(activity.c.position > after).order_by(activity.c.position).limit(BATCH_SIZE)
    rows = tx.execute(statement).all()
    entries = [Activity(*row) for row in rows]
    found = sessions_by_id(tx, {entry.session_id for entry in entries}.union(ids))
    position = rows[-1].position if rows else after
    return LogBatch(position, now, time, entries, found, complete=len(rows) < BATCH_SIZE)


def sessions_by_id(tx: Transaction, ids: Collection[str]) -> dict[str, Session]:
    """Read existing sessions by id, of any project: a batch serves all callers."""
    found = {}
    for chunk in batched(sorted(ids), PAGE_SIZE):
        for row in tx.execute(_SESSIONS_BY_ID, {"ids": chunk}):
            found[row[0]] = Session(*row)
    return found


def batched(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))


class LogRange(NamedTuple):
    """Range of the log that is read page by page."""

    after: int
    """Where the previous page ended."""
    until: int | None = None
    """Head of the log when the first page was read; null for the first page."""


class LogPage(NamedTuple):
    until: int
    entries: list[Activity]

    @property
    def complete(self) -> bool:
        return len(self.entries) < PAGE_SIZE


def log_page(read_tx: ReadTransaction, now: Instant, scope: ActivityScope, log_range: LogRange) -> LogPage:
    """Read entries of a range of the log that are in the scope now."""
    until = read_tx.head if log_range.until is None else log_range.until
    conditions = [
        scope.sessions.could_contain_sql(),
        activity.c.position > log_range.after,
        activity.c.position <= until,
    ]
    if scope.types is not None:
        conditions.append(activity.c.type.in_(sorted(scope.types)))
    entries = select(activity).order_by(activity.c.position).limit(PAGE_SIZE)
    if scope.needs_session:
        entries = entries.join(session, session.c.id == activity.c.session_id)
        conditions.append(scope.sessions.sql(now))
    return LogPage(until, [Activity(*row) for row in read_tx.tx.execute(entries.where(*conditions))])


def is_recent(tx: Transaction, position: int, since: Instant) -> bool:
    """Check that a position of the log is provably no older than `since`.

    No entry is committed before the time in it. So a recent entry at the position, or shortly before it, proves that
    the position is recent; one right after it proves that nothing in between can have expired yet.
    """
    near = activity.c.position.between(position - 1000, position + 1)
    return tx.execute(select(activity.c.position).where(near, activity.c.at > since).limit(1)).first() is not None


# ---- sets of sessions ----


class PackedIds(NamedTuple):
    """Ids of many sessions in one string; a list of a hundred thousand takes three times the memory."""

    text: str

    def __len__(self) -> int:
        return len(self.text) // ID_LENGTH

    def batch(self, number: int, size: int) -> list[str]:
        """Return ids, at most `size`, after those of `number` batches before."""
        text = self.text[number * size * ID_LENGTH : (number + 1) * size * ID_LENGTH]
        return [text[at : at + ID_LENGTH] for at in range(0, len(text), ID_LENGTH)]

    def batches(self, size: int) -> Iterator[list[str]]:
        """Iterate over lists of at most `size` ids."""
        return (self.batch(number, size) for number in range(-(-len(self) // size)))


def _matching_ids(tx: Transaction, matching: ColumnElement[bool], *order: ColumnElement[Any]) -> PackedIds:
    """Read the ids of a set.

    Raises:
        BadUserInput: it is too large.
    """
    # In one value: a hundred thousand rows would be unpacked on the event loop, at once.
    found = select(session.c.id).where(matching).order_by(*order).limit(MAX_SET_SIZE + 1).subquery()
    packed = PackedIds(tx.execute(select(func.aggregate_strings(found.c.id, ""))).scalar_one() or "")
    if len(packed) > MAX_SET_SIZE:
        raise set_too_large(tx.execute(select(func.count()).select_from(session).where(matching)).scalar_one())
    return packed


def set_too_large(size: int) -> BadUserInput:
    """Create the error of a set of more than `MAX_SET_SIZE` sessions."""
    return BadUserInput(f"must match at most {MAX_SET_SIZE:,} active sessions, not {size:,}", ("filter",))


class SetMembers(NamedTuple):
    position: int
    """Head of the log when they were read."""
    ids: PackedIds


def members(read_tx: ReadTransaction, now: Instant, scope: SessionScope) -> SetMembers:
    """Read the ids of a set. Raises BadUserInput: it is too large."""
    return SetMembers(read_tx.head, _matching_ids(read_tx.tx, scope.sql(now)))


class SnapshotStart(NamedTuple):
    """First part of a set, with the ids of the other parts."""

    position: int
    """Head of the log when it was read."""
    sessions: list[Session]
    others: PackedIds


def snapshot(read_tx: ReadTransaction, now: Instant, scope: SessionScope) -> SnapshotStart:
    """Read the start of a set, the latest start first. Raises BadUserInput: the set is too large."""
    matching = scope.sql(now)
    order = (session.c.started_at.desc(), session.c.id.desc())
    first = select(session).where(matching).order_by(*order).limit(SNAPSHOT_PART_SIZE + 1)
    found = [Session(*row) for row in read_tx.tx.execute(first)]
    others = PackedIds("")
    if len(found) > SNAPSHOT_PART_SIZE:
        others = PackedIds(_matching_ids(read_tx.tx, matching, *order).text[SNAPSHOT_PART_SIZE * ID_LENGTH :])
    return SnapshotStart(read_tx.head, found[:SNAPSHOT_PART_SIZE], others)


class ChangedSession(NamedTuple):
    entry: Activity
    """Its newest entry in the range."""
    session: Session | None
    """As it is now; null if it was deleted."""
    existed_before: bool
    """Whether it has entries before the range: the client may hold it."""


class MissedChanges(NamedTuple):
    until: int
    sessions: list[ChangedSession]

    @property
    def complete(self) -> bool:
        return len(self.sessions) < PAGE_SIZE


def missed_changes(
    read_tx: ReadTransaction, _now: Instant, scope: SessionScope, start: int, log_range: LogRange
) -> MissedChanges:
    """Read the sessions with entries in a range of the log, each once, in the order of their newest entries there.

    Args:
        start: where the client's cursor stands: the start of the first range.
    """
    until = read_tx.head if log_range.until is None else log_range.until
    found = []
    parameters = {"start": start, "after": log_range.after, "until": until}
    for existed_before, *values in read_tx.tx.execute(_missed_statement(scope, PAGE_SIZE), parameters):
        row = values[_ACTIVITY_WIDTH:]
        entry = Activity(*values[:_ACTIVITY_WIDTH])
        found.append(ChangedSession(entry, None if row[0] is None else Session(*row), bool(existed_before)))
    return MissedChanges(until, found)


@lru_cache(maxsize=128)
def _missed_statement(scope: SessionScope, limit: int) -> Select[Any]:
    # Cached: it costs more to build than to execute, and streams that resume together need the same one.
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
