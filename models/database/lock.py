"""Advisory lock of a database file: one server per file.

Two processes that write and checkpoint one file in WAL mode can lose committed pages with the SQLite of Python 3.11
(the WAL-reset race, SQLite 3.7.0 to 3.51.2).
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import structlog

from models.errors import DatabaseInUse, DatabaseUnusable

LOCK_TIMEOUT_SECONDS = 10.0
"""Long enough for a predecessor that is shutting down."""

_log = structlog.get_logger("database")


@contextmanager
def file_lock(database: Path, *, timeout: float = LOCK_TIMEOUT_SECONDS) -> Iterator[bool]:
    """Hold the lock `<file>.lock`; the system releases it if the process is killed.

    Yields whether a server has used a database of this name before.

    Raises:
        DatabaseInUse: another process still holds it after `timeout` seconds.
        DatabaseUnusable: the folder is missing or not writable, or the path is that of a folder.
    """
    file, is_new = _open_lock_file(database)
    with file:
        _acquire(file, database, timeout)
        _warn_of_missing_log(file, database)
        _write_content(file, f"{os.getpid()}\n")
        try:
            yield not is_new
        finally:
            _write_content(file, "")


def _open_lock_file(database: Path) -> tuple[IO[bytes], bool]:
    """Open or create the lock file. Returns it, and whether it is new."""
    try:
        # Two links to one file must share its lock.
        target = database.resolve()
        if target.is_dir():
            raise DatabaseUnusable(
                f"{database} is a folder; the database is a file, such as {database / 'sessions.db'}"
            )
        if not target.parent.is_dir():
            raise DatabaseUnusable(f"the folder {target.parent} does not exist; create it, or choose another database")
        lock = target.with_name(target.name + ".lock")
        is_new = not lock.exists()
        return lock.open("a+b", buffering=0), is_new
    except PermissionError as error:
        raise DatabaseUnusable(
            f"{database} cannot be used as the database: this user may not write {error.filename}; "
            "change its owner or its mode"
        ) from error
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        reason = getattr(error, "strerror", None) or error
        raise DatabaseUnusable(f"{database} cannot be used as the database: {reason}") from error


def _acquire(file: IO[bytes], database: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    announced = False
    while not _try_lock(file):
        if time.monotonic() >= deadline:
            raise DatabaseInUse(
                f"{_holder(file)} uses the database {database}; stop it, or give this server a file of its own"
            )
        if not announced:
            announced = True
            _log.warning("waiting for the database", file=str(database), used_by=_holder(file), seconds=timeout)
        time.sleep(0.05)


def _warn_of_missing_log(file: IO[bytes], database: Path) -> None:
    # A server empties the lock file when it stops, and SQLite then deletes the log: one that was killed leaves both.
    file.seek(0)
    log = database.with_name(f"{database.name}-wal")
    if file.read(1) and database.exists() and not log.exists():
        reason = "its server was killed, and what it acknowledged last was in the log: it may be lost"
        _log.warning("write-ahead log missing", file=str(log), reason=reason)


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_content(file: IO[bytes], text: str) -> None:
    # The content only serves messages: a full disk must not prevent the start.
    with suppress(OSError):
        file.truncate(0)
        file.write(text.encode())


def _holder(file: IO[bytes]) -> str:
    """Name the process whose id the lock file holds, unless that is stale."""
    file.seek(0)
    content = file.read(32).strip()
    # In containers that share a folder, the holder may have the id of this process.
    if content.isdigit() and int(content) not in (0, os.getpid()) and _is_alive(int(content)):
        return f"process {content.decode()}"
    return "another process"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
