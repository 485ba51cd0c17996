"""Batches of log entries, and their consumers: one for each group of equal subscriptions."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import inf
from typing import Self

from models.clock import Instant
from models.enums import ActivityType, SetChange
from models.tables.rows import Activity, Session
from resolvers.feed.consumer_index import Anchor
from resolvers.feed.messages import CURSOR_PLACEHOLDER, BatchRows, Change, Event, FeedItem
from resolvers.lifecycle.due import has_due_transition


def log_position(entry: Activity) -> int:
    assert entry.position is not None, "it comes from the log"
    return entry.position


@dataclass(slots=True)
class LogBatch:
    """Entries after the previous batch, with their sessions as they are now."""

    position: int
    """Of the last entry read."""
    now: Instant
    """Taken before the read."""
    time: float
    """The same moment on the timers' clock."""
    entries: Sequence[Activity]
    rows: Mapping[str, Session]
    """Sessions of the entries and those that consumers need, by id; without deleted ones."""
    complete: bool
    """Whether it reaches the head of the log. If not, `rows` may be newer than the entries."""
    newest_entries: dict[str, Activity] = field(init=False)
    """The newest entry of each session, in log order."""
    with_several_entries: set[str] = field(init=False)
    """Sessions whose newest entry may not be their only one. Deleting a session deletes its earlier entries."""
    due: set[str] = field(init=False)
    """Sessions with a transition that is due but not written yet."""
    _shared_rows: BatchRows = field(init=False)
    _events: dict[Hashable, Event] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        newest: dict[str, Activity] = {}
        repeated: set[str] = set()
        for entry in self.entries:
            if newest.pop(entry.session_id, None) is not None:
                repeated.add(entry.session_id)
            newest[entry.session_id] = entry
        self.newest_entries = newest
        self.with_several_entries = repeated | (newest.keys() - self.rows.keys())
        self.due = {s.id for s in self.rows.values() if _is_due(s, self.now)}
        self._shared_rows = BatchRows(self.now, {**dict.fromkeys(newest), **self.rows})

    def change_event(self, change: SetChange, id_: str, activity: str | None, at: Instant) -> Event:
        """Return the event of a changed session, which groups with the same change share."""
        key = change, id_, activity, at
        event = self._events.get(key)
        if event is None:
            type_ = None if activity is None else ActivityType(activity)
            payload = Change(change, id_, self.rows.get(id_), type_, at, CURSOR_PLACEHOLDER)
            event = self._events[key] = Event(payload, self._shared_rows)
        return event

    def entry_event(self, entry: Activity) -> Event:
        """Return the event of an entry, whose cursor is that of its position in all groups."""
        event = self._events.get(entry.position)
        if event is None:
            event = self._events[entry.position] = Event(entry, self._shared_rows, placeholder=None)
        return event


def _is_due(s: Session, now: Instant) -> bool:
    # Nearly all sessions fail the first comparison.
    return s.due_at is not None and s.due_at <= now and has_due_transition(s, now)


class Throttle:
    """At most one event per interval, the first one at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.next_at = -inf
        """When the next event is allowed."""

    def allows(self, time: float) -> bool:
        return time >= self.next_at

    def consume(self, time: float) -> None:
        self.next_at = time + self._seconds


class LogConsumer(ABC):
    """Turns log batches into feed items and buffers these.

    The buffer holds the items of about one batch: while they are not taken, none are produced.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        """
        Args:
            wake: makes the log reader read a batch soon.
        """
        self.wants_heartbeats = False
        """Whether `on_commit` is called."""
        self.anchor: Anchor | None = None
        """Condition of the sessions that concern it; null: any may."""
        self._wake = wake
        self._items: deque[FeedItem] = deque()
        self._item_available = asyncio.Event()
        self._unseeked_batches: list[LogBatch] | None = []
        """Batches that arrived during `seek`; null after it."""
        self._batch_requested = False
        self._closed = False
        self._error: Exception | None = None

    # ---- called by the log reader ----

    async def start(self) -> None:
        """Find the starting position; batches may arrive meanwhile."""
        await self.seek()
        batches, self._unseeked_batches = self._unseeked_batches or [], None
        for batch in batches:
            self.on_batch(batch)

    def on_commit(self, ids: AbstractSet[str]) -> None:  # noqa: B027 - optional hook
        """Note the sessions that a commit of this process changed: some of them by a heartbeat without a log entry."""

    @property
    def is_idle(self) -> bool:
        """Whether it does nothing with a batch that does not concern it, but for its position."""
        return False

    @property
    def has_started(self) -> bool:
        return self._unseeked_batches is None

    def skip_to(self, position: int, now: Instant) -> None:  # noqa: B027 - optional hook
        """Note that no entry up to a position, where the log ended at `now`, concerned it. It is idle."""

    def needed_ids(self, time: float) -> Collection[str]:
        """Return the sessions that the next batch must contain, besides those of its entries."""
        return () if self._unseeked_batches is not None else self.prepare(time)

    def on_batch(self, batch: LogBatch) -> None:
        if self._unseeked_batches is not None:
            self._unseeked_batches.append(batch)
        elif not self._closed:
            self.produce(batch)

    def next_due(self) -> float | None:
        """Return when to read a batch even if the log does not grow; null: never."""
        return None

    def close(self, error: Exception | None = None) -> None:
        """End the iteration after the buffered items, with `error` if there is one."""
        self._closed, self._error = True, error
        self._item_available.set()

    # ---- for subclasses ----

    @abstractmethod
    async def seek(self) -> None:
        """Read the state that the first batch continues."""

    def prepare(self, time: float) -> Collection[str]:  # noqa: ARG002 - optional hook
        """Get ready for a batch that is about to be read; see `needed_ids`."""
        return ()

    @abstractmethod
    def produce(self, batch: LogBatch) -> None:
        """Enqueue the items of a batch."""

    def enqueue(self, items: Iterable[FeedItem]) -> None:
        self._items.extend(items)
        if self._items:
            self._item_available.set()

    def request_batch(self) -> None:
        """Ask for another batch once the buffer is empty."""
        self._batch_requested = self.queued > 0
        if not self._batch_requested:
            self._wake()

    async def on_drained(self) -> None:
        """React to an empty buffer."""
        if self._batch_requested:
            self._batch_requested = False
            self._wake()

    # ---- buffered items ----

    @property
    def queued(self) -> int:
        return len(self._items)

    @property
    def backlog(self) -> int:
        """Items that are ready, or will be as soon as the buffer is empty."""
        return self.queued

    def take_ready(self, limit: int) -> list[FeedItem]:
        """Take buffered items without waiting, at most `limit`."""
        return [self._items.popleft() for _ in range(min(limit, self.queued))]

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FeedItem:
        while not self._items:
            if self._error is not None:
                raise self._error
            if self._closed:
                raise StopAsyncIteration
            self._item_available.clear()
            await self.on_drained()
            if not self._items:
                await self._item_available.wait()
        return self._items.popleft()
