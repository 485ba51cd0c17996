"""The present, and whether the server was there all the time.

A timeout is a lower bound: a session may end late, never early, and the server's own absence is not the client's
silence. The server signs `alive_at` once a second. Whoever takes `now` more than 5 s past it (a start after a crash,
a suspended machine, a clock that stepped forward) first gives every session that was active then its full time again.
"""

import asyncio
from typing import Final, NamedTuple, NoReturn

from sqlalchemy import and_, select
from sqlalchemy.engine import Connection

from models.clock import SECOND, Clock, Instant
from models.database import Database
from models.errors import StorageUnavailable
from models.session_rules import extended_deadline_sql
from models.tables import server, session

MAX_DOWNTIME_MS: Final = 5 * SECOND
"""How far `now` may be past `alive_at` before it counts as an absence."""


class Moment(NamedTuple):
    """When an operation happens."""

    now: Instant
    is_stale: bool = False
    """Whether it is the last moment that is sure, because nothing can be written: good for reading only."""


class ServerLiveness:
    """Takes `now` for everything that answers a client."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._alive_at: Instant | None = None
        self._writes_blocked = False
        self._recovery_lock = asyncio.Lock()

    async def moment(self) -> Moment:
        """The present, after sessions have been given back what an absence of the server took from them.

        While that can't be written, nobody can be heard, so nothing ends: readers get the last moment that is sure.

        Raises:
            StorageUnavailable: nothing was ever written by this server.
        """
        now = self._clock.now()
        if self._is_recent(now):
            return Moment(now)
        try:
            async with self._recovery_lock:
                now = self._clock.now()
                if not self._is_recent(now):
                    await self._recover(now)
        except StorageUnavailable:
            if self._alive_at is None:
                raise
            return Moment(self._alive_at + MAX_DOWNTIME_MS, is_stale=True)
        return Moment(now)

    async def record_alive(self, now: Instant) -> None:
        """Write that the server is there at `now`; where it was away, restore sessions in the same transaction.

        Raises:
            StorageUnavailable: that can't be written now.
        """
        try:
            await self._database.write(_record_alive, now)
        except StorageUnavailable:
            self._writes_blocked = True
            raise
        self._alive_at = now
        self._writes_blocked = False

    async def raise_stale(self) -> NoReturn:
        """Refuse a change whose moment is past, and find out whether the next one can be had.

        Raises:
            StorageUnavailable: always.
        """
        await self.record_alive(self._clock.now())
        raise StorageUnavailable("the database could not be written for a while; repeat the call")

    def _is_recent(self, now: Instant) -> bool:
        return self._alive_at is not None and now - self._alive_at <= MAX_DOWNTIME_MS

    async def _recover(self, now: Instant) -> None:
        if (
            self._writes_blocked
        ):  # readers need not each wait to learn that again: the sweeper tries, and whoever writes
            raise StorageUnavailable("the database cannot be written at the moment")
        await self.record_alive(now)


def _record_alive(tx: Connection, now: Instant) -> None:
    alive_at = tx.execute(select(server.c.alive_at)).scalar_one()
    if alive_at is not None and now - alive_at > MAX_DOWNTIME_MS:
        _extend_deadlines(tx, alive_at, now)
    tx.execute(server.update().values(alive_at=now))


def _extend_deadlines(tx: Connection, alive_at: Instant, now: Instant) -> None:
    """Give every session that was active at `alive_at` its full time from `now`: no revision, no activity."""
    was_active = and_(
        session.c.ended_at.is_(None),
        session.c.timeout_seconds.is_not(None),
        session.c.expires_at > alive_at,
    )
    tx.execute(session.update().where(was_active).values(extended_deadline_sql(now)))
