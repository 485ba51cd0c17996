"""Liveness of the server: its downtime must not expire sessions.

The sweeper records `alive_at` once a second. An operation that finds it more than 5 s old (after a crash, a suspended
machine, a clock that stepped forward) first extends the deadlines of all sessions that were active then. So a timeout
is a lower bound: a session may end late, never early.
"""

import asyncio
from typing import Final, NamedTuple, NoReturn

from models.clock import SECOND, Clock, Instant
from models.database import Database, Transaction
from models.errors import StorageUnavailable
from resolvers import repository

MAX_DOWNTIME_MS: Final = 5 * SECOND
"""A larger gap between `alive_at` and `now` counts as downtime."""


class Moment(NamedTuple):
    """When an operation happens."""

    now: Instant
    is_stale: bool = False
    """Nothing can be written, and `now` is the last moment before that: good for reading only."""
    gaps: int = 0
    """How many gaps the server had found until then: see `ServerLiveness.is_past`."""


class ServerLiveness:
    """Source of `now` for every operation of a client."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._alive_at: Instant | None = None
        self._writes_blocked = False
        self._gaps = 0
        self._gap_end = 0
        self._recovery_lock = asyncio.Lock()

    async def moment(self) -> Moment:
        """Return the current time, after recovery from a downtime.

        While nothing can be written, no heartbeat counts, so nothing may expire: readers get a stale moment.

        Raises:
            StorageUnavailable: this server has not written anything yet.
        """
        now = self._clock.now()
        if self._is_recent(now):
            return Moment(now, gaps=self._gaps)
        try:
            async with self._recovery_lock:
                now = self._clock.now()
                if not self._is_recent(now):
                    await self._recover(now)
        except StorageUnavailable:
            if self._alive_at is None:
                raise
            return Moment(self._alive_at + MAX_DOWNTIME_MS, is_stale=True)
        return Moment(now, gaps=self._gaps)

    def is_past(self, moment: Moment) -> bool:
        """Return whether a gap has been found since a moment, so that a write must not use its time any more.

        With a time before a downtime, it would take back the extension of the session that it touches; with one from
        before the clock was set back, it would end sessions that have been kept alive since.
        """
        if self._gaps == moment.gaps:
            return False
        return self._gaps > moment.gaps + 1 or not 0 <= self._gap_end - moment.now <= MAX_DOWNTIME_MS

    async def record_alive(self, now: Instant) -> None:
        """Record that the server is alive at `now`; after a downtime, extend deadlines in the same transaction.

        Raises:
            StorageUnavailable: nothing can be written at the moment.
        """
        if not self._is_recent(now):
            self._gaps += 1
            self._gap_end = now
        try:
            await self._database.write(_record_alive, now)
        except StorageUnavailable:
            self._writes_blocked = True
            raise
        self._alive_at = now
        self._writes_blocked = False

    async def raise_stale(self) -> NoReturn:
        """Refuse a write at a stale moment, and try to recover for the next one.

        Raises:
            StorageUnavailable: always.
        """
        await self.record_alive(self._clock.now())
        raise StorageUnavailable("the database could not be written for a while; repeat the call")

    def _is_recent(self, now: Instant) -> bool:
        # If the clock was set back, that is recorded at once: it may be set forward again before the next sweep.
        return self._alive_at is not None and 0 <= now - self._alive_at <= MAX_DOWNTIME_MS

    async def _recover(self, now: Instant) -> None:
        # Each failed write takes the busy timeout: readers must not queue for one. The sweeper and writers try again.
        if self._writes_blocked:
            raise StorageUnavailable("the database cannot be written at the moment")
        await self.record_alive(now)


def _record_alive(tx: Transaction, now: Instant) -> None:
    alive_at = repository.read_alive_at(tx)
    if alive_at is not None and now - alive_at > MAX_DOWNTIME_MS:
        repository.extend_deadlines(tx, alive_at, now)
    repository.set_alive_at(tx, now)
