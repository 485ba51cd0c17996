"""Backup of a database and of its files, while a server uses both."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from models.blobstore import BlobStore, LocalBlobStore
from models.database import DRIVER_ERRORS, Progress, fault_reason, open_read_only
from models.database.backup import copy_snapshot, database_bytes
from models.durable_folder import sync_folder
from models.errors import BackupFailed

REFERENCED_BLOBS: Final = "SELECT key, size FROM stored_file WHERE key IN (SELECT file_key FROM attachment)"
SPARE_BYTES: Final = 16 * 1024 * 1024
"""Free space that must be left."""

_BESIDE: Final = ("-journal", "-wal", "-shm")
"""Suffixes of what SQLite writes beside a file."""


async def back_up(
    database: Path, store: BlobStore, target: Path, progress: Progress, *, force: bool = False
) -> int | None:
    """Copy a database to the file `target`, and its files to the folder `<target>.files`.

    Killed at any moment, it leaves the backup that was there before, or none, or the new one. `target` appears last.
    Returns the number of files; null if they are in an object store, which is not copied.

    Args:
        database: the database; a server may be writing to it.
        store: where its files are.
        target: the backup.
        progress: called from time to time.
        force: whether to replace a backup that exists.

    Raises:
        BackupFailed: the backup exists already, there is not enough space, or files cannot be written.
        DatabaseUnusable: the database cannot be read.
    """
    _check_target(database, target, force=force)
    partial = target.with_name(f"{target.name}.partial")
    files = LocalBlobStore(target.with_name(f"{target.name}.files"))
    if repr(store) == repr(files):
        raise BackupFailed(f"{files} is where the server keeps its files: choose another file than {target}")
    try:
        with _lock(partial, target), open_read_only(database) as source:
            if not isinstance(store, LocalBlobStore):
                _check_space(target, database_bytes(source))
                copy_snapshot(source, database, partial, progress)
                _publish(partial, target)
                return None
            missing = await _missing(files, _read_blobs(source))
            _check_space(target, database_bytes(source) + sum(missing.values()))
            # Before the snapshot, and after it: a file that the server deletes meanwhile is referenced by the snapshot.
            await _copy_files(store, files, missing, progress, may_vanish=True)
            copy_snapshot(source, database, partial, progress)
            with open_read_only(partial) as copy:
                blobs = _read_blobs(copy)
            await _copy_files(store, files, await _missing(files, blobs), progress, may_vanish=False)
            _publish(partial, target)
            for key in (await files.sizes()).keys() - blobs.keys():
                await files.delete(key)
            await files.remove_partial_uploads()
            return len(blobs)
    except OSError as error:
        raise BackupFailed(f"{error.filename or target} cannot be written: {error.strerror}") from error
    except DRIVER_ERRORS as error:
        raise BackupFailed(f"the backup to {target} failed: {fault_reason(error)}") from error


def _check_target(database: Path, target: Path, *, force: bool) -> None:
    if target.exists() and database.exists() and target.samefile(database):
        raise BackupFailed(f"{target} is the database itself: choose another file")
    if not target.parent.is_dir():
        raise BackupFailed(f"the folder {target.parent} does not exist: create it")
    if target.exists() and not (force and target.is_file()):
        raise BackupFailed(f"{target} exists: choose another file" + (", or add --force" if target.is_file() else ""))
    folder, partial = target.with_name(f"{target.name}.files"), target.with_name(f"{target.name}.partial")
    # What an interrupted backup has left may be replaced.
    if folder.exists() and not target.exists() and not partial.exists() and not force:
        raise BackupFailed(f"{folder} exists, without {target.name}: choose another file, or add --force")


@contextmanager
def _lock(partial: Path, target: Path) -> Iterator[None]:
    """Create the file that becomes the backup, for one process; remove it if that fails."""
    # Readable by its owner alone: it has the keys and the data of all clients.
    with os.fdopen(os.open(partial, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupFailed(f"another backup to {target} is running") from None
        if not partial.exists() or not os.path.samestat(os.fstat(file.fileno()), partial.stat()):
            # That backup has ended since the file was opened, which may be the complete backup now.
            raise BackupFailed(f"another backup to {target} has just ended")
        file.truncate(0)  # with that, SQLite ignores a journal that a killed backup has left
        folder = target.with_name(f"{target.name}.files")
        is_new = not target.exists() and not folder.exists()
        try:
            yield
        except BaseException:
            if is_new:
                shutil.rmtree(folder, ignore_errors=True)
            _remove(partial, "", *_BESIDE)
            raise


def _remove(file: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _read_blobs(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(connection.execute(REFERENCED_BLOBS))


def _check_space(target: Path, needed: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if free < needed + SPARE_BYTES:
        raise BackupFailed(f"{target} needs {needed + SPARE_BYTES >> 20} MiB, and {free >> 20} MiB are free")


async def _missing(files: LocalBlobStore, blobs: Mapping[str, int]) -> dict[str, int]:
    found = await files.sizes()
    return {key: size for key, size in blobs.items() if found.get(key) != size}


async def _copy_files(
    store: LocalBlobStore, files: LocalBlobStore, blobs: Mapping[str, int], progress: Progress, *, may_vanish: bool
) -> None:
    for number, (key, size) in enumerate(blobs.items(), start=1):
        try:
            content = await asyncio.to_thread(store.open, key)
        except FileNotFoundError:
            if may_vanish:
                continue
            raise BackupFailed(
                f"the file {key} is missing from {store}: run `python main.py check`, or repeat the backup"
            ) from None
        await files.put(key, content, size)
        progress("copying files", number, len(blobs))


def _publish(partial: Path, target: Path) -> None:
    """Give the complete copy its name, durably."""
    with partial.open("rb") as file:  # what the name refers to, before the name
        os.fsync(file.fileno())
    partial.replace(target)
    sync_folder(target.parent)
