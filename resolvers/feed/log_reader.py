"""Log reader: reads the activity log behind its head and dispatches batches to consumers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import ExitStack, asynccontextmanager
from math import inf
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar
from weakref import WeakValueDictionary

import structlog

from models.clock import Instant
from models.database import CommittedChanges, Database
from models.errors import DatabaseDamaged
from resolvers.feed import queries, resume
from resolvers.feed.consumer import LogBatch, LogConsumer
from resolvers.feed.consumer_index import ConsumerIndex
from resolvers.feed.id_set import IdNumbers
from resolvers.feed.queries import ReadTransaction
from resolvers.feed.read_batcher import ReadBatcher
from resolvers.feed.resume import ResumeToken
from resolvers.feed.snapshots import SharedSnapshot
from resolvers.lifecycle.due import flush_due
from resolvers.periodic_task import periodic_task
from resolvers.server_liveness import ServerLiveness

P = ParamSpec("P")
T = TypeVar("T")
ConsumerT = TypeVar("ConsumerT", bound=LogConsumer)

POLL_SECONDS: Final = 1.0
"""Interval of polls without a wake-up: another process may have appended to the log."""
SLICE_SECONDS: Final = 0.005
"""Longest time that dispatching blocks the event loop; with many groups it takes longer in all."""

_log = structlog.get_logger("feed")


class Timer(Protocol):
    """Scheduled callback."""

    def cancel(self) -> None: ...


class Timers(Protocol):
    """Monotonic clock with callbacks: the event loop, or a fake in tests. In seconds."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer: ...


class LogReader:
    """Reads the log for all subscriptions of this process; nothing while there are none.

    While there are some, the commits of this process wake it.
    """

    def __init__(self, database: Database, liveness: ServerLiveness, timers: Timers | None = None) -> None:
        """
        Args:
            timers: the running event loop if not provided.
        """
        self.database = database
        self.shared: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()
        """What sources share while one of them lives, by a key of theirs."""
        self.snapshots: WeakValueDictionary[Hashable, SharedSnapshot] = WeakValueDictionary()
        """Those that streams are reading, by the fingerprint of the scope and the position."""
        self.id_numbers = IdNumbers()
        """Of the sessions that live queries hold."""
        self._liveness = liveness
        self._read_batcher = ReadBatcher(database)
        self._timers = timers
        self._commits = ExitStack()
        self._consumers: dict[LogConsumer, None] = {}
        self._index = ConsumerIndex[LogConsumer]()
        self._heartbeat_consumers: dict[LogConsumer, None] = {}
        self._position: int | None = None
        self._position_now: Instant = 0
        """When the log ended there, or earlier."""
        self._position_lock = asyncio.Lock()
        self._wake_requested = asyncio.Event()
        self._polled_at = -inf
        self._unread_since: float | None = None
        """When the first commit was made whose entries no read has begun to look for; null: there is none."""
        self._reading_since: float | None = None
        """The same of the entries that are being read and dispatched."""
        self._closed = False
        self._open_reads = 0
        self._read_through = -1

    @property
    def timers(self) -> Timers:
        return self._timers or asyncio.get_running_loop()

    @property
    def position(self) -> int | None:
        """Position through which the log has been dispatched; null without consumers."""
        return self._position

    def lag(self) -> float:
        """Return the age of the oldest entry that has not been dispatched, in seconds."""
        since = self._unread_since if self._reading_since is None else self._reading_since
        return 0.0 if since is None else self.timers.time() - since

    # ---- waking up ----

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Dispatch batches while the context lasts; close all consumers at its end."""
        try:
            async with periodic_task("log poll", self.poll, wait=self._wait):
                yield
        finally:
            await asyncio.gather(self._read_batcher.drain(), return_exceptions=True)
            self._closed = True
            for consumer in self._consumers:
                consumer.close()

    def _on_commit(self, committed: CommittedChanges) -> None:
        for consumer in self._heartbeat_consumers:
            consumer.on_commit(committed.session_ids)
        if committed.entries:
            if self._unread_since is None:
                self._unread_since = self.timers.time()
            self.wake()

    def wake(self) -> None:
        """Poll soon."""
        self._wake_requested.set()

    async def _wait(self) -> None:
        timer = self._schedule_poll()
        await self._wake_requested.wait()
        self._wake_requested.clear()
        if timer is not None:
            timer.cancel()

    def _schedule_poll(self) -> Timer | None:
        """Schedule the next poll without a commit: when a consumer is due, after `POLL_SECONDS` at the latest."""
        if not self._consumers:
            return None
        times = [
            due
            for consumer in self._consumers
            if not consumer.is_idle and (due := consumer.next_due()) is not None and due > self._polled_at
        ]
        return self.timers.call_at(min([*times, self.timers.time() + POLL_SECONDS]), self.wake)

    # ---- dispatching ----

    async def poll(self) -> None:
        """Dispatch batches up to the head of the log.

        Raises:
            StorageUnavailable: the log cannot be read at the moment. If it is damaged, all streams have ended.
        """
        try:
            while not await self._read_batch():
                pass
        except DatabaseDamaged as error:
            for consumer in self._consumers:
                consumer.close(error)
            raise

    async def _read_batch(self) -> bool:
        """Dispatch one batch. Returns whether it reached the head."""
        position = self._position
        if position is None:
            return True
        time = self._polled_at = self.timers.time()
        asked = {consumer: None for consumer in self._consumers if not consumer.is_idle}
        needed_ids = {id_ for consumer in asked for id_ in consumer.needed_ids(time)}
        now = await self.now()
        if self._reading_since is None:
            self._reading_since, self._unread_since = self._unread_since, None
        batch = await self.database.read(queries.next_batch, position, needed_ids, now, time)
        await self._dispatch(batch, asked, position)
        if batch.complete:
            self._reading_since = None
        if self._position is not None:  # the last consumer may have left during the dispatch
            self._position, self._position_now = max(self._position, batch.position), now
        if batch.due:
            await flush_due(self.database, now)
        return batch.complete

    def _concerned(self, batch: LogBatch, asked: Mapping[LogConsumer, None]) -> list[LogConsumer]:
        """Return the consumers that must see a batch: all but idle ones that no entry of it concerns.

        Args:
            batch: which has been read.
            asked: those that were asked for the ids that they need in it. They may be idle by now.
        """
        changes = [(entry, batch.rows.get(id_)) for id_, entry in batch.newest_entries.items()]
        found = self._index.concerned(changes)
        return [each for each in self._consumers if each in found or each in asked or not each.is_idle]

    async def _dispatch(self, batch: LogBatch, asked: Mapping[LogConsumer, None], after: int) -> None:
        """Pass a batch to the consumers present when it was read; later ones have started behind it.

        Args:
            batch: which has been read.
            asked: see `_concerned`.
            after: position of the previous batch.
        """
        clock = asyncio.get_running_loop().time
        slice_start = clock()
        for consumer in self._concerned(batch, asked):
            try:
                if consumer not in asked and consumer.is_idle:
                    consumer.skip_to(after, self._position_now)
                    consumer.needed_ids(batch.time)  # none, as it is idle
                consumer.on_batch(batch)
            except Exception as error:  # one failing consumer must not affect the others
                _log.exception("consumer failed")
                consumer.close(error)
            if clock() - slice_start > SLICE_SECONDS:
                await asyncio.sleep(0)
                slice_start = clock()

    @asynccontextmanager
    async def subscribed(self, consumer: ConsumerT) -> AsyncIterator[ConsumerT]:
        """Dispatch to `consumer` while the context lasts, every batch from entering on."""
        if not self._consumers:
            self._commits.enter_context(self.database.on_commit(self._on_commit))
        self._consumers[consumer] = None
        if (anchor := consumer.anchor) is not None:
            self._index.add(consumer, anchor)
        if consumer.wants_heartbeats:
            self._heartbeat_consumers[consumer] = None
        try:
            async with self._position_lock:
                if self._position is None:
                    self._position = await self.database.read(queries.head)
            await consumer.start()
            if self._closed:
                consumer.close()
            self.wake()
            yield consumer
        finally:
            del self._consumers[consumer]
            if anchor is not None:
                self._index.remove(consumer, anchor)
            self._heartbeat_consumers.pop(consumer, None)
            consumer.close()
            if not self._consumers:
                self._commits.close()
                self._position = self._unread_since = self._reading_since = None

    # ---- catch-up ----

    async def now(self) -> Instant:
        """Return the present; while nothing can be written, the last moment at which the server was known to live."""
        return (await self._liveness.moment()).now

    async def read(
        self, query: Callable[Concatenate[ReadTransaction, Instant, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[Instant, T]:
        """Run `query(read_tx, now, …)` in a batched read, after the transitions due by `now` are written."""
        now = await self.now()
        self._open_reads += 1
        try:
            position, result = await self._read_batcher.read(
                now, lambda read_tx: (read_tx.head, query(read_tx, now, *args, **kwargs))
            )
        finally:
            self._open_reads -= 1
        self._read_through = max(self._read_through, position)
        return now, result

    def may_overlap_read(self, after: int) -> bool:
        """Check whether a stream may have caught up with sessions as they were beyond position `after`."""
        return self._open_reads > 0 or self._read_through > after

    async def resume_rejection(self, token: ResumeToken, fingerprint: str | None) -> str | None:
        """Return why a stream cannot resume from `token`; null if it can.

        Args:
            fingerprint: of the scope of the stream; null if any token will do.
        """
        now = await self.now()
        rejection = token.rejection(database_id=self.database.database_id, fingerprint=fingerprint, now=now)
        if rejection is not None:
            return rejection
        # Nearly all tokens lie within the part that has been dispatched, and need no query.
        if (self._position is None or token.position > self._position) and token.position > await self.database.read(
            queries.max_position_ever
        ):
            return resume.BEYOND_LOG
        if token.time is None and not await self.database.read(
            queries.is_recent, token.position, now - resume.TOKEN_TTL
        ):
            return resume.TOO_OLD
        return None
