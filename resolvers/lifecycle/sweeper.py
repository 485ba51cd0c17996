"""The sweeper: once a second it signs that the server is there, and writes down what time has done."""

import asyncio
from contextlib import AbstractAsyncContextManager
from time import perf_counter
from typing import Final

from models.clock import MINUTE, Clock, Instant
from models.database import Database
from resolvers.lifecycle.due import DUE_BATCH, RETENTION_BATCH, Sweep, apply_due_batch, apply_retention, purge_expired
from resolvers.periodic_task import periodic_task
from resolvers.server_liveness import ServerLiveness

HOUSEKEEPING_INTERVAL_MS: Final = MINUTE
"""How often what was kept long enough is looked for."""


class Sweeper:
    """Makes nothing true; only announces it. A late sweeper is never seen in an answer."""

    def __init__(
        self,
        database: Database,
        liveness: ServerLiveness,
        clock: Clock,
        *,
        retention: int | None = None,
    ) -> None:
        self._database = database
        self._liveness = liveness
        self._clock = clock
        self._retention = retention
        self._housekept_at: Instant | None = None
        self.rounds = 0
        """Rounds that came to their end."""
        self.ended = 0
        """Sessions whose end by time was written."""
        self.last_round_seconds = 0.0

    async def sweep(self) -> None:
        """One round: all that begins or ends by now is written when it returns.

        What has been kept long enough goes too, but no more than a batch a round: nobody waits for that.
        """
        started = perf_counter()
        now = self._clock.now()
        await self._liveness.record_alive(now)
        sweep = Sweep(now, self._retention)
        while await self._apply_due(sweep) == DUE_BATCH:
            # Thousands that end at once take seconds, and a server that does not sign counts as away.
            await self._liveness.record_alive(self._clock.now())
        if self._housekept_at is None or not 0 <= now - self._housekept_at < HOUSEKEEPING_INTERVAL_MS:
            await self._housekeep(sweep)
        self.rounds += 1
        self.last_round_seconds = perf_counter() - started

    async def _apply_due(self, sweep: Sweep) -> int:
        result = await self._database.write(apply_due_batch, sweep)
        self.ended += result.ended
        return result.processed

    async def _housekeep(self, sweep: Sweep) -> None:
        await self._database.write(purge_expired, sweep)
        if await self._database.write(apply_retention, sweep) < RETENTION_BATCH:
            self._housekept_at = sweep.now

    def running(self, interval: float) -> AbstractAsyncContextManager[None]:
        """Sweep every `interval` seconds while the context lasts; well under 5, or the server counts as away."""
        return periodic_task("sweep", self.sweep, wait=lambda: asyncio.sleep(interval))
