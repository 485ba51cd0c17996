"""Temporary files, written without holding up the event loop."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO

from transport.errors import Code, Refusal, bad_request, plain
from transport.uploads import Upload

PENDING = 256 * 1024
"""Bytes gathered before they are written: to a thread and back costs as much as writing some 50 KiB."""


class Incoming:
    """A file that is still arriving."""

    def __init__(self, filename: str, content_type: str, limit: int, keep: ExitStack) -> None:
        self._filename = filename
        self._content_type = content_type
        self._limit = limit
        self._keep = keep
        self._file: IO[bytes] | None = None
        self._hash = sha256()
        self._pending = bytearray()
        self._size = 0
        self.complete = False
        """Whether all of it has arrived."""

    def add(self, data: bytes) -> None:
        """Take some. Raises Refusal if it is too much."""
        self._pending += data
        self._size += len(data)
        if self._size > self._limit:
            raise bad_request(f"A file is longer than {self._limit:,} bytes.", status=413)

    def end(self) -> None:
        """That was all."""
        self.complete = True

    @property
    def waits(self) -> bool:
        """Whether there is enough to be written."""
        return len(self._pending) >= PENDING

    async def write(self) -> None:
        """Write what has arrived. Raises Refusal with SERVICE_UNAVAILABLE if the disk takes no more."""
        await in_thread(self._write)

    async def upload(self) -> Upload:
        """The whole file. Raises Refusal like `write`."""
        file = await in_thread(self._write)
        return Upload(self._filename, self._content_type, self._size, self._hash.hexdigest(), file)

    def _write(self) -> IO[bytes]:
        try:
            if self._file is None:
                self._file = self._keep.enter_context(TemporaryFile(buffering=0))  # noqa: SIM115 - `keep` closes it
            self._hash.update(self._pending)
            while self._pending:
                del self._pending[: self._file.write(self._pending)]
        except OSError:
            error = plain(Code.SERVICE_UNAVAILABLE, "The server cannot take files at the moment; repeat the call.")
            raise Refusal([error], headers=(("retry-after", "5"),)) from None
        return self._file


async def in_thread(work: Callable[[], IO[bytes]]) -> IO[bytes]:
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
