"""The present, and whether the server was there all the time.

A timeout is a lower bound: a session may end late, never early, and the server's own absence is not the client's
silence. The server signs `alive_at` once a second. Whoever takes `now` more than 5 s past it (a start after a crash,
a suspended machine, a clock that stepped forward) first gives every session that was active then its full time again.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, select
from sqlalchemy.engine import Connection

from models.clock import SECOND, Clock, Instant
from models.database import Database
from models.rule import restored_sql
from models.tables import server, session

TOLERANCE: Final = 5 * SECOND
"""How far `now` may be past `alive_at` before it counts as an absence."""


class Presence:
    """Takes `now` for everything that answers a client."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._alive_at: Instant | None = None
        self._returning = asyncio.Lock()

    async def now(self) -> Instant:
        """The present, after sessions have been given back what an absence of the server took from them."""
        now = self._clock.now()
        if self._alive_at is not None and now - self._alive_at <= TOLERANCE:
            return now
        async with self._returning:
            if self._alive_at is None or now - self._alive_at > TOLERANCE:
                now = self._clock.now()
                await self.sign(now)
        return now

    async def sign(self, now: Instant) -> None:
        """Write that the server is there at `now`; where it was away, restore sessions in the same transaction."""
        await self._database.write(_sign, now)
        self._alive_at = now


def _sign(tx: Connection, instants: Sequence[Instant]) -> list[None]:
    for now in instants:
        alive_at = tx.execute(select(server.c.alive_at)).scalar_one()
        if alive_at is not None and now - alive_at > TOLERANCE:
            _restore(tx, alive_at, now)
        tx.execute(server.update().values(alive_at=now))
    return [None] * len(instants)


def _restore(tx: Connection, alive_at: Instant, now: Instant) -> None:
    """Give every session that was active at `alive_at` its full time from `now`: no revision, no activity."""
    was_active = and_(
        session.c.ended_at.is_(None),
        session.c.timeout_seconds.is_not(None),
        session.c.expires_at > alive_at,
    )
    tx.execute(session.update().where(was_active).values(restored_sql(now)))
