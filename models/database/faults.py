"""Errors of SQLite, as what they mean for the file and its operator."""

import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from models.errors import UnreadableValue

DRIVER_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises: also if the message of SQLite quotes a damaged schema."""
STORAGE_ERRORS: Final = (DatabaseError, UnreadableValue, UnicodeDecodeError)
"""What a statement raises when the storage fails, besides what it raises for a fault of its own."""

_UNDECODABLE: Final = "Could not decode to UTF-8"
_ADVICE: Final = {
    sqlite3.SQLITE_NOTADB: "is not a SQLite database, or its header is damaged: "
    "restore a backup, or choose another database",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore a backup; `python main.py check` lists the damage",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: allow this user to read and write it, and files beside it",
    sqlite3.SQLITE_PERM: "cannot be opened: allow this user to read and write it, and files beside it",
    sqlite3.SQLITE_READONLY: "cannot be written: allow this user to write it, and files beside it",
    sqlite3.SQLITE_BUSY: "is locked by another program: end that program",
    sqlite3.SQLITE_FULL: "is on a full disk: free some space",
    sqlite3.SQLITE_IOERR: "cannot be read or written: check its disk",
}
"""By the primary result code of SQLite."""


def is_damage(error: BaseException) -> bool:
    """Check for an error that shows that the file is not what was written to it."""
    original = _original(error)
    return (
        isinstance(original, UnreadableValue | UnicodeDecodeError)
        or _primary_code(original) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        or (isinstance(original, sqlite3.OperationalError) and str(original).startswith(_UNDECODABLE))
    )


def is_sync_failure(error: BaseException) -> bool:
    """Check for an error after which the disk may or may not hold what was written since the last sync."""
    return getattr(_original(error), "sqlite_errorcode", 0) in (
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_DIR_FSYNC,
    )


def is_storage_failure(error: BaseException) -> bool:
    """Check for an error of the storage rather than of the statement."""
    return is_damage(error) or isinstance(error, OperationalError)


def fault_reason(error: BaseException) -> str:
    """Return the message of the storage in one line, without what is stored."""
    original = _original(error)
    text = str(original).partition("\n")[0]
    is_undecodable = isinstance(original, UnicodeDecodeError) or text.startswith(_UNDECODABLE)
    return "a text is not UTF-8" if is_undecodable else text


def describe_fault(file: Path, error: BaseException) -> str:
    """Say in one line what is wrong with a file, and what to do."""
    code = sqlite3.SQLITE_CORRUPT if is_damage(error) else _primary_code(_original(error))
    if _primary_code(_original(error)) == sqlite3.SQLITE_NOTADB:
        code = sqlite3.SQLITE_NOTADB
    advice = _ADVICE.get(code)
    if advice is None:
        return f"{file} cannot be used as the database: {fault_reason(error)}"
    return f"{file} {advice} ({fault_reason(error)})"


def _original(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _primary_code(error: BaseException) -> int:
    # The low byte of an extended result code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
