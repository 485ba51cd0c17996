"""Garbage collector of blobs that no attachment references."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from models.clock import Clock
from models.database import Database
from resolvers.blobs.repository import GC_BATCH_SIZE, delete_rows, mark_deleting
from resolvers.blobs.uploader import BlobUploader
from resolvers.periodic_task import periodic_task

INTERVAL_SECONDS: Final = 60.0
MAX_CONCURRENT_DELETES: Final = 8


class BlobGarbageCollector:
    """Mark, delete blobs, delete rows: interrupted at any point, the next collection continues."""

    def __init__(self, database: Database, uploader: BlobUploader, clock: Clock) -> None:
        self._database = database
        self._uploader = uploader
        self._clock = clock
        self._limit = asyncio.Semaphore(MAX_CONCURRENT_DELETES)
        self.deleted_count = 0

    async def collect(self) -> None:
        """Delete all blobs that are garbage now, and what killed processes left half uploaded.

        Raises:
            StorageUnavailable: the database or the store cannot be written at the moment; the next collection goes on.
        """
        while keys := await self._database.write(mark_deleting, self._uploader.gc_query(self._clock.now())):
            await self._delete_all(keys)
            if len(keys) < GC_BATCH_SIZE:
                break
        await self._uploader.blob_store.remove_partial_uploads()

    async def _delete_all(self, keys: Sequence[str]) -> None:
        # One blob that cannot be deleted must not keep the others; its error is raised after them.
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
        """Collect every `INTERVAL_SECONDS` while the context lasts."""
        return periodic_task("blob collection", self.collect, wait=lambda: asyncio.sleep(INTERVAL_SECONDS))
