"""Advisory lock of a database file: one server per file.

Two processes that write and checkpoint one file in WAL mode can lose committed pages with the SQLite of Python 3.11
(the WAL-reset race, SQLite 3.7.0 to 3.51.2).
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from models.errors import DatabaseInUse

LOCK_TIMEOUT_SECONDS = 10.0
"""Long enough for a predecessor that is shutting down."""


@contextmanager
def file_lock(database: Path, *, timeout: float = LOCK_TIMEOUT_SECONDS) -> Iterator[None]:
    """Hold the lock `<file>.lock`; the system releases it if the process is killed.

    Raises:
        DatabaseInUse: another process still holds it after `timeout` seconds.
    """
    # Two links to one file must share its lock.
    target = database.resolve()
    with target.with_name(target.name + ".lock").open("a") as file:
        _acquire(file, database, time.monotonic() + timeout)
        yield


def _acquire(file: IO[str], database: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise DatabaseInUse(
                    f"another server uses the database {database}; stop it, or give this one a file of its own"
                ) from None
            time.sleep(0.05)
        else:
            return
