"""Sweeper: records the server's liveness, persists due transitions and applies retention, once a second."""

import asyncio
from contextlib import AbstractAsyncContextManager
from time import perf_counter
from typing import Final

from models.clock import MINUTE, Clock, Instant
from models.database import Database
from resolvers.lifecycle.due import apply_due_batch
from resolvers.lifecycle.retention import RETENTION_BATCH, apply_retention, purge_expired
from resolvers.periodic_task import periodic_task
from resolvers.server_liveness import ServerLiveness

HOUSEKEEPING_INTERVAL_MS: Final = MINUTE


class Sweeper:
    """Persists and announces transitions that reads already compute; its lag is never visible to clients."""

    def __init__(
        self, database: Database, liveness: ServerLiveness, clock: Clock, *, retention: int | None = None
    ) -> None:
        self._database = database
        self._liveness = liveness
        self._clock = clock
        self._retention = retention
        """Milliseconds; null: ended sessions are kept for ever."""
        self._housekept_at: Instant | None = None
        self.rounds = 0
        """Completed rounds."""
        self.last_round_seconds = 0.0

    async def sweep(self) -> None:
        """Persist all transitions that are due; each minute, apply one batch of retention."""
        started = perf_counter()
        now = self._clock.now()
        await self._liveness.record_alive(now)
        while await self._database.write(apply_due_batch, now):
            # A backlog takes seconds to persist, and a server that does not record its liveness counts as down.
            await self._liveness.record_alive(self._clock.now())
        if self._housekept_at is None or not 0 <= now - self._housekept_at < HOUSEKEEPING_INTERVAL_MS:
            await self._housekeep(now)
        self.rounds += 1
        self.last_round_seconds = perf_counter() - started

    async def _housekeep(self, now: Instant) -> None:
        await self._database.write(purge_expired, now)
        # A full batch means that more is due: the next round goes on instead of waiting for a minute.
        if self._retention is None or (
            await self._database.write(apply_retention, (now, self._retention)) < RETENTION_BATCH
        ):
            self._housekept_at = now

    def running(self, interval: float) -> AbstractAsyncContextManager[None]:
        """Sweep every `interval` seconds while the context lasts; well under 5 s, or the server counts as down."""
        return periodic_task("sweep", self.sweep, wait=lambda: asyncio.sleep(interval))
