"""Failures of the storage."""

from typing import Any


class StorageUnavailable(Exception):
    """The database or blob store cannot be read or written at the moment; nothing of the call was stored."""

    @property
    def detail(self) -> str:
        """Message of the storage, such as `database or disk is full`; safe to log, free of the client's input."""
        original = getattr(self.__cause__, "orig", self.__cause__)
        return "" if original is None else str(original).partition("\n")[0]

    @property
    def extensions(self) -> dict[str, Any]:
        # By this attribute the transport knows an error that clients may see: see `transport.errors`.
        return {"code": "SERVICE_UNAVAILABLE", "retryable": True}


class DatabaseDamaged(StorageUnavailable):
    """The database file was found damaged: the part that was asked for cannot be read, and nothing is written."""


class DatabaseNotSynced(StorageUnavailable):
    """The disk failed to store a transaction for good: its calls may be stored or not, and nothing is written after."""


class UnreadableValue(Exception):
    """A stored value is not what was stored: its page was overwritten. The message has nothing of the value."""


class DatabaseUnusable(Exception):
    """The file cannot be opened, or is not a database of this program. The message says what to do."""


class DatabaseInUse(DatabaseUnusable):
    """Another server has the database file open."""


class DatabaseVersionError(DatabaseUnusable):
    """The tables are those of a later version of this program."""


class BackupFailed(Exception):
    """There is no new backup. The message says why, and what to do."""
