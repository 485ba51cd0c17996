"""Reading of a database file from outside the server, for commands."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

from models.database.faults import DRIVER_ERRORS, describe_fault
from models.errors import DatabaseUnusable

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, and how much of how much is."""


@contextmanager
def open_read_only(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that a server may be using. The connection neither writes nor checkpoints.

    Raises:
        DatabaseUnusable: it cannot be read, or is no database.
    """
    if not file.is_file():
        raise DatabaseUnusable(f"{file} does not exist, or is not a file")
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as opened:
        try:
            opened.execute("PRAGMA query_only = ON")
            opened.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except DRIVER_ERRORS as error:
            raise DatabaseUnusable(describe_fault(file, error)) from error
        yield opened
