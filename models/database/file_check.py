"""Checks of a database file before it is opened: what SQLite would take for a new file, or would silently leave out."""

import os
import sqlite3
import stat
import struct
import sys
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from models.database.faults import DRIVER_ERRORS, describe_fault
from models.errors import DatabaseUnusable

_LOG_MAGICS: Final = (0x377F0682, 0x377F0683)
_LOG_HEADER: Final = struct.Struct(">8I")
_FRAME_HEADER: Final = struct.Struct(">6I")
_MODE_OFFSET: Final = 18
"""Of two bytes in the header of a database: 1 or 2, for a rollback journal or a write-ahead log."""
_SHM_LAST_FRAME_OFFSET: Final = 16
"""Of the number of frames in the index of the log, in the machine's byte order."""


def wal_file(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


def shm_file(file: Path) -> Path:
    return file.with_name(file.name + "-shm")


def check_before_open(file: Path, *, was_used: bool) -> None:
    """Refuse a file that is not whole, or that this user cannot use. A file that does not exist yet is fine.

    Only while no connection of this process is open: closing any descriptor of a file ends the process's locks of it.

    Args:
        file: the database.
        was_used: whether a server has used a database of this name before.

    Raises:
        DatabaseUnusable: with the file, what is wrong, and what to do.
    """
    try:
        _check(file, was_used=was_used)
    except OSError as error:
        reason = f"{error.strerror} ({error.filename})"
        raise DatabaseUnusable(f"{file} cannot be used as the database: {reason}") from error


def _check(file: Path, *, was_used: bool) -> None:
    log_size = _size(wal_file(file))
    if not file.exists():
        if log_size:
            raise DatabaseUnusable(
                f"{file} is missing, but not its log: restore the file, or delete {wal_file(file)} to begin anew"
            )
        return
    _check_access(file)
    if (size := _size(file)) <= 1:  # SQLite takes one byte for none
        if size or was_used or log_size:
            raise DatabaseUnusable(
                f"{file} is empty, though it was in use: restore a backup, or delete the file to begin anew"
            )
        return
    if log_size and _has_rollback_journal(file):
        raise DatabaseUnusable(
            f"{wal_file(file)} belongs to another database than {file}, such as the one before a backup was restored: "
            "delete it"
        )
    _check_whole(file)


def _check_access(file: Path) -> None:
    if not stat.S_ISREG(file.stat().st_mode):
        raise DatabaseUnusable(f"{file} cannot be used as the database: it is not a regular file")
    wanted = ((file, os.R_OK | os.W_OK), (wal_file(file), os.R_OK | os.W_OK), (shm_file(file), os.R_OK | os.W_OK))
    for path, mode in (*wanted, (file.resolve().parent, os.W_OK | os.X_OK)):
        if path.exists() and not os.access(path, mode, effective_ids=True):
            what = "read and write" if os.access(path, os.R_OK, effective_ids=True) is False else "write"
            raise DatabaseUnusable(
                f"{file} cannot be used as the database: this user may not {what} {path}; change its owner or its mode"
            )


def _has_rollback_journal(file: Path) -> bool:
    with file.open("rb") as database:
        return database.read(_MODE_OFFSET + 2)[_MODE_OFFSET:] == b"\1\1"


def _check_whole(file: Path) -> None:
    log = _Log.read(wal_file(file))
    try:
        # Read-only, so that closing it does not write the log into the file.
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            (page_size,) = connection.execute("PRAGMA page_size").fetchone()
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            recovered = log.recovered_frames(shm_file(file))
    except DRIVER_ERRORS as error:
        raise DatabaseUnusable(describe_fault(file, error)) from error
    log.check(recovered)
    _check_pages(file, page_size, pages, in_log={frame.page for frame in log.frames[:recovered]})
    if log.frames:
        _apply_log(file)


def _check_pages(file: Path, page_size: int, pages: int, *, in_log: AbstractSet[int]) -> None:
    whole_pages = _size(file) // page_size
    if missing := [page for page in range(whole_pages + 1, pages + 1) if page not in in_log]:
        raise DatabaseUnusable(f"{file} is truncated, {len(missing)} of {pages} pages are missing: restore a backup")


def _apply_log(file: Path) -> None:
    """Write a log that was left behind into the file, and begin it anew.

    What a crash interrupted stays in a log that is continued, where it would look like lost after a second crash.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except DRIVER_ERRORS as error:
        raise DatabaseUnusable(describe_fault(file, error)) from error


class _Frame(NamedTuple):
    page: int
    commits: bool
    """Whether it is the last one of a transaction."""
    is_current: bool
    """Whether it was written since the log was begun anew."""


class _Log(NamedTuple):
    """Write-ahead log, without its pages."""

    file: Path
    page_size: int
    is_valid: bool
    """Whether its header is."""
    frames: Sequence[_Frame]

    @classmethod
    def read(cls, file: Path) -> "_Log":
        if _size(file) <= _LOG_HEADER.size:
            return cls(file, 0, True, ())
        with file.open("rb") as content:
            header = _LOG_HEADER.unpack(content.read(_LOG_HEADER.size))
            magic, _, page_size, _, *salt, _, _ = header
            if magic not in _LOG_MAGICS or _checksum(header, magic) != header[-2:]:
                return cls(file, page_size, False, ())
            return cls(file, page_size, True, list(_read_frames(content.fileno(), page_size, salt)))

    def recovered_frames(self, shm: Path) -> int:
        """Return how many frames SQLite found valid, once a connection has read the database."""
        if not self.frames:
            return 0
        with shm.open("rb") as index:
            index.seek(_SHM_LAST_FRAME_OFFSET)
            return int.from_bytes(index.read(4), sys.byteorder)

    def check(self, recovered: int) -> None:
        """Refuse a log of which SQLite leaves out more than the transaction that a crash interrupted.

        Each commit waits until the log is on disk, so that an invalid frame before another commit was valid once.
        """
        if not self.is_valid:
            raise DatabaseUnusable(
                f"{self.file} is damaged in its header: restore a backup, or delete it to go on without its changes"
            )
        lost = sum(frame.commits and frame.is_current for frame in self.frames[recovered:])
        if lost > 1:
            size = _LOG_HEADER.size + recovered * (_FRAME_HEADER.size + self.page_size)
            raise DatabaseUnusable(
                f"{self.file} is damaged behind byte {size}, in {lost} transactions: restore a backup, "
                f"or go on without them by `truncate --size={size} {self.file}`"
            )


def _read_frames(descriptor: int, page_size: int, salt: Sequence[int]) -> Iterator[_Frame]:
    offset, length = _LOG_HEADER.size, _FRAME_HEADER.size + page_size
    while len(header := os.pread(descriptor, _FRAME_HEADER.size, offset)) == _FRAME_HEADER.size:
        page, size_after_commit, *frame_salt, _, _ = _FRAME_HEADER.unpack(header)
        yield _Frame(page, size_after_commit != 0, frame_salt == salt)
        offset += length


def _checksum(header: Sequence[int], magic: int) -> tuple[int, int]:
    """Compute the checksum of a log's header; its magic number says in which byte order."""
    words = header[:-2] if magic & 1 else struct.unpack("<6I", struct.pack(">6I", *header[:-2]))
    first = second = 0
    for left, right in zip(words[::2], words[1::2], strict=True):
        first = (first + left + second) & 0xFFFFFFFF
        second = (second + right + first) & 0xFFFFFFFF
    return first, second


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
