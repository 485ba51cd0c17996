"""The sweeper: once a second it signs that the server is there, and writes down what time has done."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog
from sqlalchemy.engine import Connection

from models.clock import MINUTE, Clock, Instant
from models.database import Database
from models.errors import StorageUnavailable
from resolvers.lifecycle.sweeping import BATCH, Sweep, forget, retire, settle_due
from resolvers.presence import Presence

HOUSEKEEPING: Final = MINUTE
"""How often what was kept long enough is looked for."""

_log = structlog.get_logger("sweeper")


class Sweeper:
    """Makes nothing true; only announces it. A late sweeper is never seen in an answer."""

    def __init__(
        self,
        database: Database,
        presence: Presence,
        clock: Clock,
        *,
        retention: int | None = None,
    ) -> None:
        self._database = database
        self._presence = presence
        self._clock = clock
        self._retention = retention
        self._kept_house_at: Instant | None = None

    async def sweep(self) -> None:
        """One round, complete: everything that is due by now is written when it returns."""
        now = self._clock.now()
        await self._presence.sign(now)
        sweep = Sweep(now, self._retention)
        await self._until_done(settle_due, sweep)
        if self._kept_house_at is None or not 0 <= now - self._kept_house_at < HOUSEKEEPING:
            await self._database.write(forget, sweep)
            await self._until_done(retire, sweep)
            self._kept_house_at = now

    async def _until_done(self, work: Callable[[Connection, Sequence[Sweep]], list[int]], sweep: Sweep) -> None:
        while await self._database.write(work, sweep) == BATCH:
            pass

    @asynccontextmanager
    async def running(self, interval: float) -> AsyncIterator[None]:
        """Sweep every `interval` seconds while the context lasts; at most 5, or the server counts as away."""
        task = asyncio.create_task(self._work(interval), name="sweeper")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _work(self, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            try:
                await self.sweep()
            except StorageUnavailable as error:
                _log.warning("sweep put off", reason=str(error))
            except Exception:
                _log.exception("sweep failed")
