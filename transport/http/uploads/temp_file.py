"""Temporary files, written without holding up the event loop."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO

from transport.errors import Code, RequestError, bad_request, make_error
from transport.uploads import Upload

FLUSH_BYTES = 256 * 1024
"""Bytes gathered before they are written: to a thread and back costs as much as writing some 50 KiB."""


class SpooledUpload:
    """A file that is still arriving."""

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
        """Whether all of it has arrived."""

    def add(self, data: bytes) -> None:
        """Take some. Raises Refusal if it is too much."""
        self._buffer += data
        self._size += len(data)
        if self._size > self._limit:
            raise bad_request(f"A file is longer than {self._limit:,} bytes.", status=413)

    def finish(self) -> None:
        """That was all."""
        self.is_complete = True

    @property
    def should_flush(self) -> bool:
        """Whether there is enough to be written."""
        return len(self._buffer) >= FLUSH_BYTES

    async def flush(self) -> None:
        """Write what has arrived. Raises Refusal with SERVICE_UNAVAILABLE if the disk takes no more."""
        await run_in_thread_uncancellable(self._flush)

    async def to_upload(self) -> Upload:
        """The whole file. Raises Refusal like `write`."""
        file = await run_in_thread_uncancellable(self._flush)
        return Upload(self._filename, self._content_type, self._size, self._hash.hexdigest(), file)

    def _flush(self) -> IO[bytes]:
        try:
            if self._file is None:
                self._file = self._resources.enter_context(TemporaryFile(buffering=0))  # noqa: SIM115 - `keep` closes it
            self._hash.update(self._buffer)
            while self._buffer:
                del self._buffer[: self._file.write(self._buffer)]
        except OSError:
            error = make_error(Code.SERVICE_UNAVAILABLE, "The server cannot take files at the moment; repeat the call.")
            raise RequestError([error], headers=(("retry-after", "5"),)) from None
        return self._file


async def run_in_thread_uncancellable(work: Callable[[], IO[bytes]]) -> IO[bytes]:
    """Do it in a thread, to the end: who is cancelled meanwhile waits for it, for the file is closed next."""
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
