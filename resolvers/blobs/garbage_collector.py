"""The collector: once a minute it clears away files that nobody has any more."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from models.clock import Clock
from models.database import Database
from resolvers.blobs.leases import GC_BATCH_SIZE, delete_rows, mark_deleting
from resolvers.blobs.uploader import BlobUploader
from resolvers.periodic_task import periodic_task

INTERVAL_SECONDS: Final = 60.0
MAX_CONCURRENT_DELETES: Final = 8
"""Contents that are being removed."""


class BlobGarbageCollector:
    """Removes contents in three steps, see the top of this package; killed between two, it goes on where it was."""

    def __init__(self, database: Database, uploader: BlobUploader, clock: Clock) -> None:
        self._database = database
        self._uploader = uploader
        self._clock = clock
        self._limit = asyncio.Semaphore(MAX_CONCURRENT_DELETES)
        self.deleted_count = 0
        """Contents removed so far."""

    async def collect(self) -> None:
        """One round: what nobody has by now is gone when it returns.

        Raises:
            StorageUnavailable: the database or the object store can't be written now; the next round goes on.
        """
        while len(keys := await self._database.write(mark_deleting, self._uploader.gc_query(self._clock.now()))) > 0:
            await self._delete_all(keys)
            if len(keys) < GC_BATCH_SIZE:
                break
        await self._uploader.blob_store.remove_partial_uploads()

    async def _delete_all(self, keys: Sequence[str]) -> None:
        """Remove what can be removed; then raise what was in the way of the others."""
        results = await asyncio.gather(*map(self._delete, keys), return_exceptions=True)
        deleted_keys = [key for key, result in zip(keys, results, strict=True) if result is None]
        await self._database.write(delete_rows, deleted_keys)
        self.deleted_count += len(deleted_keys)
        if failure := next(filter(None, results), None):
            raise failure

    async def _delete(self, key: str) -> None:
        async with self._limit:
            await self._uploader.blob_store.delete(key)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Collect once a minute while the context lasts."""
        return periodic_task("blob collection", self.collect, wait=lambda: asyncio.sleep(INTERVAL_SECONDS))
