"""Following the log: one reader for all subscribers of this process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from math import inf
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

import structlog

from models.clock import Instant
from models.database import CommittedChanges, Database
from models.errors import StorageUnavailable
from resolvers.feed import queries
from resolvers.feed.batch import LogBatch
from resolvers.feed.consumer import LogConsumer
from resolvers.feed.queries import ReadTransaction
from resolvers.feed.read_batcher import ReadBatcher
from resolvers.feed.settling import flush_due
from resolvers.feed.throttle import Timer, Timers
from resolvers.server_liveness import ServerLiveness

if TYPE_CHECKING:
    from resolvers.subscriptions.stats import CachedStats

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=LogConsumer)

POLL_SECONDS: Final = 1.0
"""How long an entry can go unnoticed that no wake-up told of."""
SLICE_SECONDS: Final = 0.005
"""How long a batch may keep the event loop to itself while it is handed on: with many groups, that takes a while."""

_log = structlog.get_logger("feed")


class LogReader:
    """Reads the log behind its end and hands on what is new. It reads nothing while nobody follows.

    The commits of this process wake it; whoever hears of others may call `wake`.
    """

    def __init__(self, database: Database, liveness: ServerLiveness, timers: Timers | None = None) -> None:
        """
        Args:
            database: where the log is.
            presence: takes the time of each look.
            timers: tell when to say what has to wait; the running event loop where not given.
        """
        self.database = database
        self._liveness = liveness
        self._read_batcher = ReadBatcher(database)
        self._timers = timers
        self._consumers: dict[LogConsumer, None] = {}
        self._heartbeat_consumers: dict[LogConsumer, None] = {}
        self._position: int | None = None
        self._position_lock = asyncio.Lock()
        self._wake_requested = asyncio.Event()
        self._polled_at = -inf
        self._closed = False
        self._open_snapshots = 0
        self._snapshot_at = -1
        self._last_sequence = 0
        self.cached_stats: dict[Hashable, CachedStats] = {}
        """The statistics that were worked out last, by the key of their source."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the log while the context lasts; leaving it ends whoever follows."""
        task = asyncio.create_task(self._run(), name="feed")
        try:
            with self.database.on_commit(self.on_commit):
                yield
        finally:
            task.cancel()
            await asyncio.gather(task, self._read_batcher.drain(), return_exceptions=True)
            self._closed = True
            for consumer in self._consumers:
                consumer.close()

    # ---- being woken ----

    @property
    def timers(self) -> Timers:
        """Where passing time comes from."""
        return self._timers or asyncio.get_running_loop()

    def on_commit(self, committed: CommittedChanges) -> None:
        """Be told of a commit of this process."""
        for consumer in self._heartbeat_consumers:
            consumer.on_heartbeats(committed.session_ids)
        if committed.appended_log:
            self.wake()

    def wake(self) -> None:
        """Look at the log soon."""
        self._wake_requested.set()

    async def _run(self) -> None:
        while True:
            timer = self._schedule_poll()
            await self._wake_requested.wait()
            self._wake_requested.clear()
            if timer is not None:
                timer.cancel()
            try:
                await self.poll()
            except StorageUnavailable as error:
                _log.warning("log not read", reason=str(error))
            except Exception:
                _log.exception("log not read")

    def _schedule_poll(self) -> Timer | None:
        """For when somebody has something to say; at the latest for a look without a reason."""
        if not self._consumers:
            return None
        times = [
            due for consumer in self._consumers if (due := consumer.next_due()) is not None and due > self._polled_at
        ]
        return self.timers.call_at(min([*times, self.timers.time() + POLL_SECONDS]), self.wake)

    # ---- looking ----

    @property
    def position(self) -> int | None:
        """How far the log was read; null while nobody follows."""
        return self._position

    async def poll(self) -> None:
        """Hand on everything that is new; has done so when it returns."""
        while not await self._read_batch():
            pass

    async def _read_batch(self) -> bool:
        """Hand on one batch; whether that was all."""
        position = self._position
        if position is None:
            return True
        time = self._polled_at = self.timers.time()
        needed_ids = {id_ for consumer in self._consumers for id_ in consumer.needed_ids(time)}
        now = await self.now()
        found = await self.database.read(queries.new_entries, position, needed_ids)
        batch = LogBatch(found.position, now, time, found.entries, found.rows, found.complete)
        await self._dispatch(batch)
        if self._position is not None:  # else everybody has left meanwhile
            self._position = max(self._position, batch.position)
        if batch.due:
            await flush_due(self.database, now)
        return found.complete

    async def _dispatch(self, batch: LogBatch) -> None:
        """Give a batch to all who followed when it was read; whoever comes meanwhile begins behind it."""
        clock = asyncio.get_running_loop().time
        slice_start = clock()
        for consumer in list(self._consumers):
            try:
                consumer.on_batch(batch)
            except Exception as error:  # a fault of one follower is none of the others'
                _log.exception("follower failed")
                consumer.close(error)
            if clock() - slice_start > SLICE_SECONDS:
                await asyncio.sleep(0)
                slice_start = clock()

    # ---- for those who follow ----

    @asynccontextmanager
    async def subscribed(self, consumer: F) -> AsyncIterator[F]:
        """Have `follower` told everything from the moment of entering on."""
        self._consumers[consumer] = None
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
            self._heartbeat_consumers.pop(consumer, None)
            consumer.close()
            if not self._consumers:
                self._position = None

    # ---- for streams at their beginning ----

    @contextmanager
    def snapshotting(self) -> Iterator[Callable[[int], None]]:
        """While a stream reads sessions that it begins with; it says at which position of the log they were so."""
        self._open_snapshots += 1
        try:
            yield self._on_snapshot
        finally:
            self._open_snapshots -= 1

    def _on_snapshot(self, position: int) -> None:
        self._snapshot_at = max(self._snapshot_at, position)

    def may_overlap_snapshot(self, after: int) -> bool:
        """Whether a stream may have begun with sessions as they were behind that position, which no batch has shown."""
        return self._open_snapshots > 0 or self._snapshot_at > after

    async def is_beyond_log(self, position: int) -> bool:
        """Whether the log has never reached as far as a position."""
        if self._position is not None and position <= self._position:
            return False  # as of nearly all cursors: no need to ask
        return position > await self.database.read(queries.max_position_ever)

    def next_sequence(self) -> int:
        """A number higher than all before: the position of an item that has no place in the log."""
        self._last_sequence += 1
        return self._last_sequence

    async def now(self) -> Instant:
        """The present; while nothing can be written, the last moment that is sure."""
        return (await self._liveness.moment()).now

    async def read(
        self, query: Callable[Concatenate[ReadTransaction, Instant, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[Instant, T]:
        """The answer to `question(look, now, …)`, asked of a state in which time has written everything down."""
        now = await self.now()
        return now, await self._read_batcher.read(now, lambda look: query(look, now, *args, **kwargs))
