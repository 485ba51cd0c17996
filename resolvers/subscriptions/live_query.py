"""Live query: the set of a group of subscribers, and what a batch of the log changes in it."""

import asyncio
import sys
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Final

from models.clock import SECOND, Instant
from models.enums import SetChange
from models.tables.rows import Activity
from resolvers.errors import BadUserInput
from resolvers.feed import queries, resume
from resolvers.feed.consumer import LogBatch, LogConsumer, Throttle, log_position
from resolvers.feed.id_set import IdSet
from resolvers.feed.log_reader import LogReader
from resolvers.feed.messages import FeedItem, Resync
from resolvers.feed.queries import SessionScope
from resolvers.feed.resume import LogPosition

FLUSH_SIZE: Final = 500
"""Sessions enqueued at a time; the rest of a flush waits until these are taken."""
UNPACKED_AT_ONCE: Final = 5000
"""Ids of a set that are unpacked before other tasks have their turn."""
LAST_SEQUENCE: Final = sys.maxsize
"""Of an item that no catch-up covers."""


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    min_interval_ms: int
    heartbeats: bool


class _HeartbeatQueue:
    """Sessions with heartbeats that logged no activity, waiting to be sent."""

    def __init__(self, min_interval_ms: int) -> None:
        self.throttle = Throttle(max(min_interval_ms, SECOND) / SECOND)
        self._reported: set[str] = set()
        """Changed since the last `collect`, members or not: the batch that is being read may not show them yet."""
        self._waiting: set[str] = set()
        self.sending: dict[str, None] = {}
        """Rest of a flush that is sent in several parts."""
        self._prepared: list[str] = []

    def report(self, ids: AbstractSet[str]) -> None:
        self._reported |= ids

    def discard(self, id_: str) -> None:
        """Drop a session that is sent with a log entry instead."""
        self._waiting.discard(id_)
        self.sending.pop(id_, None)

    def next_due(self, member_ids: IdSet) -> float | None:
        return self.throttle.next_at if self._waiting or any(id_ in member_ids for id_ in self._reported) else None

    def collect(self, member_ids: IdSet) -> None:
        """Keep the reported sessions that are members."""
        self._waiting.update(id_ for id_ in self._reported if id_ in member_ids)
        self._reported = set()
        self._prepared = []

    def prepare(self, time: float) -> list[str]:
        """Return the sessions to send with the next batch."""
        if self._waiting and not self.sending and self.throttle.allows(time):
            self.sending, self._waiting = dict.fromkeys(self._waiting), set()
        self._prepared = list(islice(self.sending, FLUSH_SIZE))
        return self._prepared

    def take(self) -> list[str]:
        """Take the prepared sessions that have not been discarded since."""
        ids = [id_ for id_ in self._prepared if id_ in self.sending]
        for id_ in ids:
            del self.sending[id_]
        self._prepared = []
        return ids


class LiveQuery(LogConsumer):
    """Holds the ids of a set, and sends each change of it.

    Changes that arrive within the minimum interval are coalesced: each session is sent once, as it is by then.
    """

    def __init__(self, log_reader: LogReader, scope: SessionScope, options: DeliveryOptions) -> None:
        super().__init__(log_reader.wake)
        self.wants_heartbeats = options.heartbeats
        self.anchor = scope.anchor
        self._log_reader = log_reader
        self._scope = scope
        self._fingerprint = scope.fingerprint
        # With many groups that watch one session each, none of them has to look at the entries of the others.
        self._filter_ids = scope.filter.ids
        self._throttle = Throttle(options.min_interval_ms / SECOND)
        self._heartbeats = _HeartbeatQueue(options.min_interval_ms)
        self._member_ids = log_reader.id_numbers.new_set()
        self._start_position = 0
        self._enqueued_through = LogPosition(0, 0)
        """Position up to which all items are in the queues of the streams."""
        self._pending: dict[str, Activity] = {}
        """Newest log entries of sessions that wait to be sent, in log order, all after `_enqueued_through`."""
        self._with_several_entries: set[str] = set()
        """Pending sessions that may have been in the set and left it again."""
        self._flushable: frozenset[str] | None = None
        """Pending sessions whose rows the next batch contains; None: no flush with that batch."""
        self._matching: dict[str, bool] = {}
        """Whether sessions match now, as found for the batch at hand: each is asked twice."""
        self._flush_until: int | None = None
        """Log position up to which the flush in progress extends; None: none in progress."""

    async def seek(self) -> None:
        try:
            now, (self._start_position, found) = await self._log_reader.read(queries.members, self._scope)
        except BadUserInput as error:
            self._refuse(error)
            return
        self._enqueued_through = LogPosition(self._start_position, now)
        for ids in found.batches(UNPACKED_AT_ONCE):
            self._member_ids.update(ids)
            await asyncio.sleep(0)

    def _refuse(self, error: BadUserInput) -> None:
        """End all streams of a set that is too large: their clients drop what they hold."""
        cursor = self._token(LogPosition(-1, self._enqueued_through.time))
        self.enqueue([FeedItem(Resync(str(error), cursor), LAST_SEQUENCE, cursor)])
        self.close(error)

    # ---- scheduling ----

    @property
    def is_idle(self) -> bool:
        has_work = self._pending or self._flush_until is not None or self.wants_heartbeats
        return self.anchor is not None and self.has_started and not has_work

    def skip_to(self, position: int, now: Instant) -> None:
        if position > self._enqueued_through.position:
            self._enqueued_through = LogPosition(position, now)

    def on_commit(self, ids: AbstractSet[str]) -> None:
        self._heartbeats.report(ids)
        is_allowed = self._heartbeats.throttle.allows(self._log_reader.timers.time())
        if is_allowed and any(id_ in self._member_ids for id_ in ids):
            self._log_reader.wake()

    def next_due(self) -> float | None:
        due = self._heartbeats.next_due(self._member_ids) if self.wants_heartbeats else None
        if not self._pending:
            return due
        return self._throttle.next_at if due is None else min(due, self._throttle.next_at)

    def prepare(self, time: float) -> Collection[str]:
        self._flushable = None
        if self.wants_heartbeats:
            self._heartbeats.collect(self._member_ids)
        if self.queued:
            self.request_batch()
            return ()
        if self._flush_until is not None or self._throttle.allows(time):
            self._flushable = frozenset(islice(self._pending, FLUSH_SIZE))
        if self.wants_heartbeats:
            return [*(self._flushable or ()), *self._heartbeats.prepare(time)]
        return self._flushable or ()

    def produce(self, batch: LogBatch) -> None:
        self._matching.clear()
        self._collect_changes(batch)
        if not batch.complete:
            return  # its rows may be newer than its entries
        if self._flushable is not None:
            # With many groups most have nothing to flush most of the time.
            items = self._flush(self._flushable, batch) if self._pending or self._flush_until is not None else []
            self._flushable = None
            if len(self._member_ids) > queries.MAX_SET_SIZE:
                self._refuse(queries.set_too_large(len(self._member_ids)))
                return
            self.enqueue(items)
        if not self._pending:
            self._enqueued_through = LogPosition(batch.position, batch.now)
        ids = self._heartbeats.take() if self.wants_heartbeats else ()
        if ids and (heartbeats := self._heartbeat_items(ids, batch)):
            self._heartbeats.throttle.consume(batch.time)
            self.enqueue(heartbeats)
        if self._flush_until is not None or self._heartbeats.sending:
            self.request_batch()

    @property
    def backlog(self) -> int:
        return self.queued and self.queued + len(self._pending)

    # ---- collecting changes ----

    def _collect_changes(self, batch: LogBatch) -> None:
        for id_, entry in self._newest_entries(batch):
            if self.wants_heartbeats:
                self._heartbeats.discard(id_)
            if log_position(entry) > self._start_position and self._is_relevant(id_, entry, batch):
                if self._pending.pop(id_, None) is not None or id_ in batch.with_several_entries:
                    self._with_several_entries.add(id_)
                self._pending[id_] = entry

    def _newest_entries(self, batch: LogBatch) -> Iterable[tuple[str, Activity]]:
        if self._filter_ids is None:
            return batch.newest_entries.items()
        found = [(id_, batch.newest_entries[id_]) for id_ in self._filter_ids if id_ in batch.newest_entries]
        return sorted(found, key=lambda pair: log_position(pair[1]))

    def _is_relevant(self, id_: str, entry: Activity, batch: LogBatch) -> bool:
        if id_ in self._member_ids or id_ in self._pending or self._matches(id_, batch):
            return True
        may_have_matched = id_ in batch.with_several_entries or id_ in batch.due or not batch.complete
        return may_have_matched and self._may_be_held_elsewhere() and self._scope.could_contain(entry)

    def _may_be_held_elsewhere(self) -> bool:
        """Check whether a stream that caught up in between may hold a session that was never in the group's set.

        Only then is REMOVED sent for it. Sending it for every session that could match would be simpler, and allowed,
        but each group would get the changes of all sessions of its projects.
        """
        return self._log_reader.may_overlap_read(self._enqueued_through.position)

    def _matches(self, id_: str, batch: LogBatch) -> bool:
        found = self._matching.get(id_)
        if found is None:
            row = batch.rows.get(id_)
            found = self._matching[id_] = row is not None and self._scope.contains(row, batch.now)
        return found

    # ---- flushing ----

    def _flush(self, flushable: AbstractSet[str], batch: LogBatch) -> list[FeedItem]:
        """Take the pending changes that the batch has rows for, in log order.

        All items but the last carry the cursor from before the flush, so that resuming repeats and never skips.
        """
        until = batch.position if self._flush_until is None else self._flush_until
        ids: list[str] = []
        complete = True
        for id_, entry in self._pending.items():
            if log_position(entry) > until:
                break
            if len(ids) == FLUSH_SIZE or not (id_ in flushable or id_ in batch.newest_entries):
                complete = False
                break
            if id_ not in batch.due:  # else the entry of its transition follows
                ids.append(id_)
        flushed = [self._pending.pop(id_) for id_ in ids]
        changes = [(change, entry) for entry in flushed if (change := self._set_change(entry.session_id, batch))]
        before, self._enqueued_through = self._enqueued_through, self._position_after(batch)
        if complete and (changes or self._flush_until is not None):
            self._throttle.consume(batch.time)
        self._flush_until = None if complete else until
        return [
            FeedItem.of(batch.change_event(change, entry.session_id, entry.type, entry.at), log_position(entry), cursor)
            for (change, entry), cursor in zip(changes, self._flush_cursors(len(changes), before), strict=True)
        ]

    def _flush_cursors(self, count: int, before: LogPosition) -> list[str]:
        """Return the cursors of the items of a flush."""
        if count == 0:
            return []
        last = self._token(self._enqueued_through)
        return [last] if count == 1 else [*[self._token(before)] * (count - 1), last]

    def _set_change(self, id_: str, batch: LogBatch) -> SetChange | None:
        """Update the set: ADDED, UPDATED or REMOVED by previous membership and current match; null if neither."""
        had_several_entries = id_ in self._with_several_entries
        self._with_several_entries.discard(id_)
        was_member = id_ in self._member_ids
        if self._matches(id_, batch):
            self._member_ids.add(id_)
            return SetChange.UPDATED if was_member else SetChange.ADDED
        self._member_ids.discard(id_)
        if was_member or (had_several_entries and self._may_be_held_elsewhere()):
            return SetChange.REMOVED
        return None

    def _position_after(self, batch: LogBatch) -> LogPosition:
        if (first := next(iter(self._pending.values()), None)) is not None:
            return LogPosition(log_position(first) - 1, self._enqueued_through.time)
        return LogPosition(batch.position, batch.now)

    def _heartbeat_items(self, ids: list[str], batch: LogBatch) -> list[FeedItem]:
        """Create the items of heartbeats, without sessions that have a pending change.

        Their cursor must not skip pending changes, while streams that have caught up beyond these need the items: so
        the cursor is that of the enqueued position, and the sequence number lies after the batch.
        """
        cursor = self._token(self._enqueued_through)
        ids = [
            id_
            for id_ in ids
            if id_ in self._member_ids and id_ not in batch.newest_entries and id_ not in self._pending
        ]
        rows = [batch.rows[id_] for id_ in ids if self._matches(id_, batch)]
        events = [batch.change_event(SetChange.UPDATED, s.id, None, s.last_seen_at) for s in rows]
        return [FeedItem.of(event, batch.position + 1, cursor) for event in events]

    def _token(self, point: LogPosition) -> str:
        return resume.set_token(self._log_reader.database.database_id, self._fingerprint, point)
