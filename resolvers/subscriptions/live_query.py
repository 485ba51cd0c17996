"""The set of a group of subscribers: the ids it has, and what a change of the log means for it."""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from models.clock import SECOND, Instant
from models.enums import ActivityType, SetChange
from models.tables.activity import Activity
from resolvers.feed import queries, resume
from resolvers.feed.batch import LogBatch
from resolvers.feed.consumer import LogConsumer
from resolvers.feed.log_reader import LogReader
from resolvers.feed.messages import Change, FeedItem, order_after, order_at
from resolvers.feed.resume import LogPosition
from resolvers.feed.scope import SessionScope
from resolvers.feed.throttle import Throttle

FLUSH_SIZE: Final = 500
"""Sessions that are told of at a time; the others wait until these are taken."""


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How a group wants to be told."""

    min_interval_ms: int
    heartbeats: bool


class _PendingChange(NamedTuple):
    """What has happened to a session that the group was not told yet."""

    position: int
    type: str
    at: Instant
    has_several_entries: bool
    """Whether it may be more than one thing: in between the set may have been another."""


class LiveQuery(LogConsumer):
    """A group that follows a set. What happens to a session while it must not be told is told once, as it then is."""

    def __init__(self, log_reader: LogReader, scope: SessionScope, options: DeliveryOptions) -> None:
        super().__init__(log_reader)
        self._scope = scope
        self._fingerprint = scope.fingerprint
        self._filter_ids = scope.filter.ids
        """The ids that its filter names: in a crowd that watch one session each, nobody looks at those of others."""
        self.wants_heartbeats = options.heartbeats
        self._throttle = Throttle(options.min_interval_ms / SECOND)
        self._heartbeat_throttle = Throttle(max(options.min_interval_ms, SECOND) / SECOND)
        self._database_id = ""
        self._member_ids: set[str] = set()
        self._start_position = 0
        self._delivered = LogPosition(0, 0)
        """Everything up to there was told, or need not be."""
        self._pending: dict[str, _PendingChange] = {}
        """In the order of the log; all of it is behind `_told`."""
        self._new_heartbeats: set[str] = set()
        """What was heard since a batch was prepared, be it in the set or not yet: the batch need not show it so."""
        self._heartbeats: set[str] = set()
        """What of the set was heard before that, and not told."""
        self._heartbeats_in_flush: dict[str, None] = {}
        """What of it is being told, in several parts."""
        self._flushable: frozenset[str] | None = None
        """What the next batch shows of `_news`; null where nothing may be told with it."""
        self._flushable_heartbeats: list[str] = []
        self._flush_until: int | None = None
        """Where the flush ends that is being told in several parts."""

    async def seek(self) -> None:
        self._database_id = self.feed.database.database_id
        now, found = await self.feed.read(queries.members, self._scope)
        self._member_ids, self._start_position, self._delivered = (
            found.ids,
            found.position,
            LogPosition(found.position, now),
        )

    # ---- what has happened ----

    def on_heartbeats(self, ids: AbstractSet[str]) -> None:
        self._new_heartbeats |= ids
        if not self._member_ids.isdisjoint(ids) and self._heartbeat_throttle.allows(self.feed.timers.time()):
            self.feed.wake()

    def _collect_changes(self, batch: LogBatch) -> None:
        """Note what the group may have to be told."""
        for id_, entry in self._newest_entries(batch):
            self._heartbeats.discard(id_)
            self._heartbeats_in_flush.pop(id_, None)
            if (entry.position or 0) > self._start_position and self._is_relevant(id_, entry, batch):
                has_several_entries = self._pending.pop(id_, None) is not None or id_ in batch.with_several_entries
                self._pending[id_] = _PendingChange(entry.position or 0, entry.type, entry.at, has_several_entries)

    def _newest_entries(self, batch: LogBatch) -> Iterable[tuple[str, Activity]]:
        if self._filter_ids is None:
            return batch.newest_entries.items()
        found = [(id_, batch.newest_entries[id_]) for id_ in self._filter_ids if id_ in batch.newest_entries]
        return sorted(found, key=lambda one: one[1].position or 0)

    def _is_relevant(self, id_: str, entry: Activity, batch: LogBatch) -> bool:
        if id_ in self._member_ids or id_ in self._pending or self._matches(id_, batch):
            return True
        # What is not in the set now may have been in it for a moment, when a stream began.
        may_have_matched = id_ in batch.with_several_entries or id_ in batch.due or not batch.complete
        return (
            may_have_matched
            and self.feed.may_overlap_snapshot(self._delivered.position)
            and self._scope.could_contain(entry)
        )

    def _matches(self, id_: str, batch: LogBatch) -> bool:
        row = batch.rows.get(id_)
        return row is not None and self._scope.contains(row, batch.now)

    # ---- telling ----

    def next_due(self) -> float | None:
        has_heartbeats = self._heartbeats or not self._member_ids.isdisjoint(self._new_heartbeats)
        times = [
            throttle.next_at
            for throttle, is_pending in ((self._throttle, self._pending), (self._heartbeat_throttle, has_heartbeats))
            if is_pending
        ]
        return min(times, default=None)

    def prepare(self, time: float) -> Collection[str]:
        self._flushable, self._flushable_heartbeats = None, []
        self._heartbeats |= self._new_heartbeats & self._member_ids
        self._new_heartbeats = set()
        if self.queued:
            self.request_batch()
            return ()
        if self._flush_until is not None or self._throttle.allows(time):
            self._flushable = frozenset(islice(self._pending, FLUSH_SIZE))
        if self._heartbeats and not self._heartbeats_in_flush and self._heartbeat_throttle.allows(time):
            self._heartbeats_in_flush, self._heartbeats = dict.fromkeys(self._heartbeats), set()
        self._flushable_heartbeats = list(islice(self._heartbeats_in_flush, FLUSH_SIZE))
        return [*(self._flushable or ()), *self._flushable_heartbeats]

    def produce(self, batch: LogBatch) -> None:
        self._collect_changes(batch)
        if not batch.complete:
            return  # sessions are as they are at the end of the log: what is told of them must be so, too
        if self._flushable is not None:
            self.enqueue(self._flush(self._flushable, batch))
        if not self._pending:
            self._delivered = LogPosition(batch.position, batch.now)
        if self._flushable_heartbeats:
            ready = [id_ for id_ in self._flushable_heartbeats if id_ in self._heartbeats_in_flush]
            for id_ in ready:
                del self._heartbeats_in_flush[id_]
            if heartbeats := self._heartbeat_items(ready, batch):
                self._heartbeat_throttle.consume(batch.time)
                self.enqueue(heartbeats)
        self._flushable, self._flushable_heartbeats = None, []
        if self._flush_until is not None or self._heartbeats_in_flush:
            self.request_batch()

    def _flush(self, flushable: AbstractSet[str], batch: LogBatch) -> list[FeedItem]:
        """The items of as many sessions as the batch shows, in the order of their newest entries.

        All but the last carry the cursor from before: who goes on from one of them is told some again, and misses none.
        """
        until = batch.position if self._flush_until is None else self._flush_until
        ids: list[str] = []
        complete = True
        for id_, pending in self._pending.items():
            if pending.position > until:
                break
            if len(ids) == FLUSH_SIZE or not (id_ in flushable or id_ in batch.newest_entries):
                complete = False
                break
            if id_ not in batch.due:  # else its own entry is to come
                ids.append(id_)
        flushed = [(id_, self._pending.pop(id_)) for id_ in ids]
        changes = [(change, id_, news) for id_, news in flushed if (change := self._set_change(id_, news, batch))]
        before, self._delivered = self._delivered, self._delivered_through(batch)
        if complete and (changes or self._flush_until is not None):
            self._throttle.consume(batch.time)
        self._flush_until = None if complete else until
        return [
            self._change_item(change, id_, news, batch, point=self._delivered if index == len(changes) else before)
            for index, (change, id_, news) in enumerate(changes, start=1)
        ]

    def _set_change(self, id_: str, pending: _PendingChange, batch: LogBatch) -> SetChange | None:
        """What it means, by what the group had and what the filter says now; null: nothing."""
        if self._matches(id_, batch):
            was_member = id_ in self._member_ids
            self._member_ids.add(id_)
            return SetChange.UPDATED if was_member else SetChange.ADDED
        if id_ in self._member_ids:
            self._member_ids.discard(id_)
            return SetChange.REMOVED
        # It may have come and gone again. Only a stream that began in between can have it.
        return (
            SetChange.REMOVED
            if pending.has_several_entries and self.feed.may_overlap_snapshot(self._delivered.position)
            else None
        )

    def _delivered_through(self, batch: LogBatch) -> LogPosition:
        """Up to where everything is told once the sessions that still wait are all that is left."""
        if pending := next(iter(self._pending.values()), None):
            return LogPosition(pending.position - 1, self._delivered.time)
        return LogPosition(batch.position, batch.now)

    def _change_item(
        self, change: SetChange, id_: str, pending: _PendingChange, batch: LogBatch, *, point: LogPosition
    ) -> FeedItem:
        cursor = resume.set_token(self._database_id, self._fingerprint, point)
        payload = Change(change, id_, batch.rows.get(id_), ActivityType(pending.type), pending.at, cursor)
        return FeedItem(payload, order_at(pending.position), cursor)

    def _heartbeat_items(self, ids: list[str], batch: LogBatch) -> list[FeedItem]:
        """The items of sessions that were only heard. A session about which there is news to come is left out.

        They are told to all, also to streams that began behind news that still wait: so their position may be behind
        that of the news, and their cursor is not, as who goes on from one of them must not skip these.
        """
        cursor = resume.set_token(self._database_id, self._fingerprint, self._delivered)
        heartbeat_ids = [
            id_
            for id_ in ids
            if id_ in self._member_ids and id_ not in batch.newest_entries and id_ not in self._pending
        ]
        rows = [batch.rows[id_] for id_ in heartbeat_ids if self._matches(id_, batch)]
        changes = [Change(SetChange.UPDATED, s.id, s, None, s.last_seen_at, cursor) for s in rows]
        return [FeedItem(change, order_after(batch.position), cursor) for change in changes]
