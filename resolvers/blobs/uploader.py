"""The files of this server: contents on their way into the object store, and out of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, BinaryIO, Final

from models.blobstore import Objects
from models.clock import Instant
from models.errors import StorageUnavailable
from models.uploaded_file import IncomingFile
from resolvers.blobs.leases import Claim, Claimed, Content, Look, claim
from resolvers.context import Context

AT_ONCE: Final = 4
"""Files that are being stored; the others wait, on disk."""

ENDING_SECONDS: Final = 2.0
"""For how long the server waits, when it stops, for files that nobody waits for any more."""


class Files:
    """What stores files before the transaction that holds them."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._storing: Counter[str] = Counter()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, now: Instant) -> Look:
        """What the collector may not touch."""
        return Look(now, frozenset(self._storing))

    @asynccontextmanager
    async def keeping(self, context: Context, files: Sequence[IncomingFile]) -> AsyncIterator[Mapping[str, str]]:
        """The keys of files by their SHA-256, all of them in the object store when the context begins.

        Within it they are to be held; what is not held is collected later.

        Raises:
            StorageUnavailable: they can't be stored now.
        """
        by_content = {file.sha256: file for file in files}
        with self._busy_with(*by_content):
            contents = tuple(Content(file.sha256, file.size) for file in by_content.values())
            claimed = await context.change(claim, Claim(context.now, contents))
            await _all(self._store(claimed[sha256], file) for sha256, file in by_content.items())
            yield {sha256: claimed[sha256].key for sha256 in by_content}

    async def _store(self, claimed: Claimed, file: IncomingFile) -> None:
        if not claimed.is_new and await self.objects.holds(claimed.key, claimed.content.size):
            return
        await self._room.acquire()
        try:
            content = file.open()
        except OSError as error:
            self._room.release()
            raise StorageUnavailable("no more files can be opened at the moment; repeat the call") from error
        task = asyncio.create_task(self._put(claimed, content))
        self._tasks.add(task)
        task.add_done_callback(self._over)
        await asyncio.shield(task)  # half a file is of no use, and some stores cannot take it back

    async def _put(self, claimed: Claimed, content: BinaryIO) -> None:
        try:
            with self._busy_with(claimed.content.sha256):
                await self.objects.put(claimed.key, content, claimed.content.size)
        finally:
            self._room.release()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; else nobody has to know

    @contextmanager
    def _busy_with(self, *contents: str) -> Iterator[None]:
        self._storing.update(contents)
        try:
            yield
        finally:
            self._storing.subtract(contents)
            self._storing += Counter()  # forgets what is at 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Leaving the context waits a little for what is being stored."""
        try:
            yield
        finally:
            if self._tasks:
                _, late = await asyncio.wait(self._tasks, timeout=ENDING_SECONDS)
                for task in late:
                    task.cancel()


async def _all(steps: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Have all of them done; then raise what one of them raised."""
    for result in await asyncio.gather(*steps, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
