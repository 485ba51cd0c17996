"""Blob store in a local folder.

Not obstore's local store, which returns before the file is durable, so that a power loss could leave a row without its
file, and which never removes what a killed process had half written.
"""

import asyncio
import fcntl
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from models.blobstore.base import CHUNK_BYTES, BlobNotFound, BlobStore, as_unavailable
from models.durable_folder import sync_folder

UPLOAD_DIR: Final = "incoming"
"""Folder of partial uploads; each file in it is locked by the process that writes it."""


class LocalBlobStore(BlobStore):
    def __init__(self, root: Path) -> None:
        self._root = root

    def __repr__(self) -> str:
        return str(self._root.absolute())

    async def put(self, key: str, content: BinaryIO, size: int) -> None:  # noqa: ARG002 - only the interface needs it
        await asyncio.to_thread(self._put, self._root / key, content)

    async def exists(self, key: str, size: int) -> bool:
        return await asyncio.to_thread(self._exists, self._root / key, size)

    async def read(self, key: str, start: int, stop: int) -> bytes:
        return await asyncio.to_thread(self._read, self._root / key, start, stop)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._delete, self._root / key)

    async def sizes(self) -> dict[str, int]:
        return await asyncio.to_thread(self._sizes)

    def open(self, key: str) -> BinaryIO:
        """Open a blob for reading. Raises FileNotFoundError if it is not stored."""
        return (self._root / key).open("rb")

    async def remove_partial_uploads(self) -> None:
        await asyncio.to_thread(self._remove_partial_uploads)

    def _put(self, file: Path, content: BinaryIO) -> None:
        with content, as_unavailable():
            upload_dir = self._root / UPLOAD_DIR
            upload_dir.mkdir(parents=True, exist_ok=True)
            temporary = upload_dir / secrets.token_hex(16)
            try:
                with temporary.open("xb") as target:
                    fcntl.flock(target, fcntl.LOCK_EX)  # marks it as live for remove_partial_uploads
                    shutil.copyfileobj(content, target, CHUNK_BYTES)
                    target.flush()
                    os.fsync(target.fileno())
                    file.parent.mkdir(exist_ok=True)
                    temporary.replace(file)  # atomic: readers see the whole file or none
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            self._fsync_parents(file)

    def _exists(self, file: Path, size: int) -> bool:
        with as_unavailable():
            try:
                if file.stat().st_size != size:
                    return False
            except FileNotFoundError:
                return False
            self._fsync_parents(file)  # the process that stored it may have been killed before it did
            return True

    def _read(self, file: Path, start: int, stop: int) -> bytes:
        with as_unavailable():
            try:
                with file.open("rb") as source:
                    return os.pread(source.fileno(), stop - start, start)
            except FileNotFoundError as error:
                raise BlobNotFound(file.name) from error

    def _delete(self, file: Path) -> None:
        with as_unavailable():
            file.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                sync_folder(file.parent)

    def _sizes(self) -> dict[str, int]:
        with as_unavailable():
            found = {}
            for file in self._root.glob("*/*"):
                if file.parent.name != UPLOAD_DIR:
                    with suppress(FileNotFoundError):  # deleted meanwhile
                        found[str(file.relative_to(self._root))] = file.stat().st_size
            return found

    def _fsync_parents(self, file: Path) -> None:
        for folder in (file.parent, self._root, self._root.parent):
            sync_folder(folder)

    def _remove_partial_uploads(self) -> None:
        with as_unavailable(), suppress(FileNotFoundError):
            for leftover in (self._root / UPLOAD_DIR).iterdir():
                with suppress(FileNotFoundError, BlockingIOError), leftover.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while its writer lives
                    leftover.unlink()
