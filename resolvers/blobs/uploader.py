"""The files of this server: contents on their way into the object store, and out of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, BinaryIO, Final

from models.blobstore import BlobStore
from models.clock import Instant
from models.errors import StorageUnavailable
from models.uploaded_file import UploadedFile
from resolvers.blobs.leases import BlobDigest, GcQuery, Lease, LeaseRequest, acquire
from resolvers.context import Context

MAX_CONCURRENT_UPLOADS: Final = 4
"""Files that are being stored; the others wait, on disk."""

SHUTDOWN_GRACE_SECONDS: Final = 2.0
"""For how long the server waits, when it stops, for files that nobody waits for any more."""


class BlobUploader:
    """What stores files before the transaction that holds them."""

    def __init__(self, blob_store: BlobStore) -> None:
        self.blob_store = blob_store
        self._in_flight: Counter[str] = Counter()
        self._limit = asyncio.Semaphore(MAX_CONCURRENT_UPLOADS)
        self._tasks: set[asyncio.Task[None]] = set()

    def gc_query(self, now: Instant) -> GcQuery:
        """What the collector may not touch."""
        return GcQuery(now, frozenset(self._in_flight))

    @asynccontextmanager
    async def uploaded(self, context: Context, files: Sequence[UploadedFile]) -> AsyncIterator[Mapping[str, str]]:
        """The keys of files by their SHA-256, all of them in the object store when the context begins.

        Within it they are to be held; what is not held is collected later.

        Raises:
            StorageUnavailable: they can't be stored now.
        """
        files_by_digest = {file.sha256: file for file in files}
        with self._track_in_flight(*files_by_digest):
            blobs = tuple(BlobDigest(file.sha256, file.size) for file in files_by_digest.values())
            leases = await context.write(acquire, LeaseRequest(context.now, blobs))
            await _gather_all(self._upload(leases[sha256], file) for sha256, file in files_by_digest.items())
            yield {sha256: leases[sha256].key for sha256 in files_by_digest}

    async def _upload(self, lease: Lease, file: UploadedFile) -> None:
        if not lease.is_new and await self.blob_store.exists(lease.key, lease.blob.size):
            return
        await self._limit.acquire()
        try:
            content = file.open()
        except OSError as error:
            self._limit.release()
            raise StorageUnavailable("no more files can be opened at the moment; repeat the call") from error
        task = asyncio.create_task(self._put(lease, content))
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        await asyncio.shield(task)  # half a file is of no use, and some stores cannot take it back

    async def _put(self, lease: Lease, content: BinaryIO) -> None:
        try:
            with self._track_in_flight(lease.blob.sha256):
                await self.blob_store.put(lease.key, content, lease.blob.size)
        finally:
            self._limit.release()

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; else nobody has to know

    @contextmanager
    def _track_in_flight(self, *digests: str) -> Iterator[None]:
        self._in_flight.update(digests)
        try:
            yield
        finally:
            self._in_flight.subtract(digests)
            self._in_flight += Counter()  # forgets what is at 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Leaving the context waits a little for what is being stored."""
        try:
            yield
        finally:
            if self._tasks:
                _, unfinished = await asyncio.wait(self._tasks, timeout=SHUTDOWN_GRACE_SECONDS)
                for task in unfinished:
                    task.cancel()


async def _gather_all(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Have all of them done; then raise what one of them raised."""
    for result in await asyncio.gather(*coroutines, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
