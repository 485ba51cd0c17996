"""Upload of blobs, before the transaction that references them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import BinaryIO, Final

from models.blobstore import BlobStore
from models.clock import Instant
from models.errors import StorageUnavailable
from models.uploaded_file import UploadedFile
from resolvers.blobs.leases import GcQuery, Lease

MAX_CONCURRENT_UPLOADS: Final = 4
"""Further files wait on disk."""

SHUTDOWN_GRACE_SECONDS: Final = 2.0
"""Time left at shutdown for uploads whose callers have disconnected."""


class BlobUploader:
    def __init__(self, blob_store: BlobStore) -> None:
        self.blob_store = blob_store
        self._in_flight: Counter[str] = Counter()
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_UPLOADS)
        self._tasks: set[asyncio.Task[None]] = set()

    def gc_query(self, now: Instant) -> GcQuery:
        return GcQuery(now, frozenset(self._in_flight))

    @contextmanager
    def in_flight(self, digests: Collection[str]) -> Iterator[None]:
        """Keep the garbage collector of this process from blobs, whatever its clock says of their leases."""
        counted = Counter(list(digests))  # a list, because Counter takes a mapping for counts
        self._in_flight += counted
        try:
            yield
        finally:
            self._in_flight -= counted  # drops the counts of zero

    async def upload(self, leases: Mapping[str, Lease], files: Mapping[str, UploadedFile]) -> None:
        """Upload leased files, both by SHA-256, unless the store has them.

        Raises:
            StorageUnavailable: the store takes no more at the moment.
        """
        uploads = (self._upload_one(leases[sha256], file) for sha256, file in files.items())
        # Wait for all of them also if one fails: the files are closed when the operation ends.
        results = await asyncio.gather(*uploads, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _upload_one(self, lease: Lease, file: UploadedFile) -> None:
        if not lease.is_new and await self.blob_store.exists(lease.key, lease.size):
            return
        await self._slots.acquire()
        try:
            content = file.open()
        except OSError as error:
            self._slots.release()
            raise StorageUnavailable("no more files can be opened at the moment; repeat the call") from error
        task = asyncio.create_task(self._put(lease, content))
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        # A cancelled caller does not cancel the upload: some stores cannot take back half a file.
        await asyncio.shield(task)

    async def _put(self, lease: Lease, content: BinaryIO) -> None:
        try:
            with self.in_flight([lease.sha256]):
                await self.blob_store.put(lease.key, content, lease.size)
        finally:
            self._slots.release()

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # marks it as retrieved; a caller that still waits receives it as well

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Wait for uploads in progress, at most `SHUTDOWN_GRACE_SECONDS`, when the context ends."""
        try:
            yield
        finally:
            if self._tasks:
                _, unfinished = await asyncio.wait(self._tasks, timeout=SHUTDOWN_GRACE_SECONDS)
                for task in unfinished:
                    task.cancel()
