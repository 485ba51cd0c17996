"""The sweeper: once a second it signs that the server is there, and writes down what time has done."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

import structlog

from models.clock import MINUTE, Clock, Instant
from models.database import Database
from models.errors import StorageUnavailable
from resolvers.lifecycle.due import BATCH, RETIRED, Sweep, forget, retire, settle_due
from resolvers.server_liveness import Presence

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
        self.rounds = 0
        """Rounds that came to their end."""
        self.ended = 0
        """Sessions whose end by time was written."""
        self.last_round_seconds = 0.0

    async def sweep(self) -> None:
        """One round: all that begins or ends by now is written when it returns.

        What has been kept long enough goes too, but no more than a batch a round: nobody waits for that.
        """
        began = perf_counter()
        now = self._clock.now()
        await self._presence.sign(now)
        sweep = Sweep(now, self._retention)
        while await self._settle(sweep) == BATCH:
            # Thousands that end at once take seconds, and a server that does not sign counts as away.
            await self._presence.sign(self._clock.now())
        if self._kept_house_at is None or not 0 <= now - self._kept_house_at < HOUSEKEEPING:
            await self._keep_house(sweep)
        self.rounds += 1
        self.last_round_seconds = perf_counter() - began

    async def _settle(self, sweep: Sweep) -> int:
        settled = await self._database.write(settle_due, sweep)
        self.ended += settled.ended
        return settled.seen

    async def _keep_house(self, sweep: Sweep) -> None:
        await self._database.write(forget, sweep)
        if await self._database.write(retire, sweep) < RETIRED:
            self._kept_house_at = sweep.now

    @asynccontextmanager
    async def running(self, interval: float) -> AsyncIterator[None]:
        """Sweep every `interval` seconds while the context lasts; well under 5, or the server counts as away."""
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
                _log.warning("sweep put off", reason=str(error), cause=error.cause)
            except Exception as error:
                # Neither its message nor the variables around it: they may hold what clients sent.
                places = "".join(traceback.format_tb(error.__traceback__))
                _log.error("sweep failed", error=type(error).__qualname__, traceback=places)
