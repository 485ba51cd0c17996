"""Uploaded files, spooled to temporary files in threads."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO, Final

from transport.errors import Code, RequestError, bad_request, make_error
from transport.uploads import Upload

# Bytes buffered before a write: the switch to a thread costs as much as writing 50 KiB.
FLUSH_BYTES: Final = 256 * 1024


class SpooledUpload:
    """A file that is arriving. `resources` closes it."""

    def __init__(self, filename: str, content_type: str, limit: int, resources: ExitStack) -> None:
        self._filename = filename
        self._content_type = content_type
        self._limit = limit
        self._resources = resources
        self._file: IO[bytes] | None = None
        self._hash = sha256()
        self._buffer = bytearray()
        self._size = 0
        self.is_complete = False

    def add(self, data: bytes) -> None:
        """Buffer data. Raises RequestError with 413 if the file is too long."""
        self._buffer += data
        self._size += len(data)
        if self._size > self._limit:
            raise bad_request(f"A file is longer than {self._limit:,} bytes.", status=413)

    def finish(self) -> None:
        self.is_complete = True

    @property
    def should_flush(self) -> bool:
        return len(self._buffer) >= FLUSH_BYTES

    async def flush(self) -> None:
        """Write the buffer. Raises RequestError with SERVICE_UNAVAILABLE if the disk is full."""
        await run_in_thread_uncancellable(self._flush)

    async def to_upload(self) -> Upload:
        """Return the complete file. Raises RequestError like `flush`."""
        file = await run_in_thread_uncancellable(self._flush)
        return Upload(self._filename, self._content_type, self._size, self._hash.hexdigest(), file)

    def _flush(self) -> IO[bytes]:
        try:
            if self._file is None:
                self._file = self._resources.enter_context(TemporaryFile(buffering=0))  # noqa: SIM115 - `resources` closes it
            self._hash.update(self._buffer)
            while self._buffer:
                del self._buffer[: self._file.write(self._buffer)]
        except OSError:
            error = make_error(Code.SERVICE_UNAVAILABLE, "The server cannot store files at the moment; try again.")
            raise RequestError([error], headers=(("retry-after", "5"),)) from None
        return self._file


async def run_in_thread_uncancellable(work: Callable[[], IO[bytes]]) -> IO[bytes]:
    """Run in a thread. On cancellation, wait for the thread first: the file is closed right after."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                continue
        raise
