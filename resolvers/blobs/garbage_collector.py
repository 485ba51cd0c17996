"""The collector: once a minute it clears away files that nobody has any more."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

from models.clock import Clock
from models.database import Database
from models.errors import StorageUnavailable
from resolvers.blobs.leases import BATCH, condemn, erase
from resolvers.blobs.uploader import Files

INTERVAL_SECONDS: Final = 60.0
AT_ONCE: Final = 8
"""Contents that are being removed."""

_log = structlog.get_logger("collector")


class Collector:
    """Removes contents in three steps, see the top of this package; killed between two, it goes on where it was."""

    def __init__(self, database: Database, files: Files, clock: Clock) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._room = asyncio.Semaphore(AT_ONCE)
        self.removed = 0
        """Contents removed so far."""

    async def collect(self) -> None:
        """One round: what nobody has by now is gone when it returns.

        Raises:
            StorageUnavailable: the database or the object store can't be written now; the next round goes on.
        """
        while len(keys := await self._database.write(condemn, self._files.look(self._clock.now()))) > 0:
            await self._remove(keys)
            if len(keys) < BATCH:
                break
        await self._files.objects.tidy()

    async def _remove(self, keys: Sequence[str]) -> None:
        """Remove what can be removed; then raise what was in the way of the others."""
        results = await asyncio.gather(*map(self._delete, keys), return_exceptions=True)
        removed = [key for key, result in zip(keys, results, strict=True) if result is None]
        await self._database.write(erase, removed)
        self.removed += len(removed)
        if failure := next(filter(None, results), None):
            raise failure

    async def _delete(self, key: str) -> None:
        async with self._room:
            await self._files.objects.delete(key)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Collect once a minute while the context lasts."""
        task = asyncio.create_task(self._work(), name="collector")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            try:
                await self.collect()
            except StorageUnavailable as error:
                _log.warning("collection put off", reason=str(error), cause=error.cause)
            except Exception as error:
                places = "".join(traceback.format_tb(error.__traceback__))
                _log.error("collection failed", error=type(error).__qualname__, traceback=places)
