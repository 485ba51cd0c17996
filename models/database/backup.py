"""Copy of a database that is in use: one snapshot, in one file, that is complete or absent."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from models.database.file_check import wal_file
from models.database.read_only import Progress
from models.errors import BackupFailed
from models.ids import DATABASE, new_id

PAGES_PER_STEP: Final = 2_000
MAX_LOG_GROWTH: Final = 1024 * 1024 * 1024
"""By how many bytes the write-ahead log may grow: the server cannot begin it anew while a snapshot is read."""
VERIFY_STEPS: Final = 1_000_000
"""Virtual machine steps of SQLite between two reports of progress."""


def database_bytes(source: sqlite3.Connection) -> int:
    (size,) = source.execute("SELECT page_size * page_count FROM pragma_page_size, pragma_page_count").fetchone()
    return int(size)


def copy_snapshot(source: sqlite3.Connection, file: Path, target: Path, progress: Progress) -> None:
    """Copy all committed transactions of a moment to an empty file, and verify the copy.

    All pages are of one read transaction. Copying in several would begin anew with each commit, and never end under
    load; the price is that the log of the database grows meanwhile, by what is written.

    Raises:
        BackupFailed: the log grew too much, or the copy is damaged.
    """
    log, log_size = wal_file(file), _size(wal_file(file))

    def report(_status: int, remaining: int, total: int) -> None:
        progress("copying the database", total - remaining, total)
        if _size(log) - log_size > MAX_LOG_GROWTH:
            raise BackupFailed(
                f"{log} grew by more than {MAX_LOG_GROWTH >> 20} MiB during the backup: write it to a faster disk"
            )

    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = OFF")  # the file is worth nothing before it is whole, and synced then
        copy.execute("PRAGMA synchronous = OFF")
        source.execute("BEGIN")
        try:
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # a transaction begins with its first read
            source.backup(copy, pages=PAGES_PER_STEP, progress=report)
        finally:
            source.execute("ROLLBACK")
        # One file without a log beside it. From this, too, a server knows that a log it finds is of another database.
        copy.execute("PRAGMA journal_mode = DELETE")
        _verify(copy, file, progress)
        # Positions of the log that are assigned after a restore are others: cursors of before must not be accepted.
        copy.execute("UPDATE server SET database_id = ?", (new_id(DATABASE),))


def _verify(copy: sqlite3.Connection, file: Path, progress: Progress) -> None:
    def report() -> None:
        progress("verifying the copy", 0, 0)

    copy.set_progress_handler(report, VERIFY_STEPS)
    (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    copy.set_progress_handler(None, 0)
    if found != "ok":
        raise BackupFailed(f"{file} is damaged, so there is no backup of it: `python main.py check` lists the damage")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
